import type { Socket } from 'node:net'
import type { LineSink } from '../../wire/framing.ts'

/** A socket as something that lines are written to; `flush` resolves when the other side has taken them. */
export function socketSink(socket: Socket): LineSink {
  return {
    write: (chunk) => {
      socket.write(chunk)
      return chunk.length
    },
    flush: () => drained(socket),
    end: async () => {
      socket.end()
      return 0
    },
  }
}

function drained(socket: Socket): number | Promise<number> {
  if (!socket.writableNeedDrain) return 0
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off('drain', settle)
      socket.off('close', settle)
      if (socket.destroyed) reject(new Error('the socket was closed'))
      else resolve(0)
    }
    socket.on('drain', settle)
    socket.on('close', settle)
  })
}
