import type { Socket } from 'node:net'
import type { LineSink } from '../../wire/line-writer.ts'

interface Waiter {
  resolve(bytes: number): void
  reject(error: Error): void
}

/**
 * A socket as something that lines are written to; `flush` resolves when the other side has taken them. By the
 * callbacks of the writes: `drain` was seen not to come after the last of many large ones, one time in four.
 */
export function socketSink(socket: Socket): LineSink {
  const waiting: Waiter[] = []
  let pending = 0
  const taken = (): void => {
    pending--
    if (pending === 0) for (const { resolve } of waiting.splice(0)) resolve(0)
  }
  socket.once('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('the socket was closed'))
  })
  return {
    write: (chunk) => {
      pending++
      // a full socket keeps what it was given, and not a copy of it
      socket.write(Buffer.from(chunk), taken)
      return chunk.length
    },
    flush: () => {
      if (pending === 0 || socket.writableLength === 0 || socket.destroyed) return 0
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    end: async () => {
      socket.end()
      return 0
    },
  }
}
