import type { Socket } from 'node:net'

/** Bytes both ways until either side ends; a slow side slows the other down. */
export function tunnel(one: Socket, other: Socket): void {
  pump(one, other)
  pump(other, one)
}

/** Not `pipe`: its `drain` was seen to be lost on sockets of this runtime. */
function pump(from: Socket, to: Socket): void {
  from.on('data', (chunk) => {
    from.pause()
    to.write(chunk, () => from.resume())
  })
  from.on('end', () => to.end())
  from.on('close', () => to.destroy())
  from.on('error', () => to.destroy())
}
