import { readSync } from 'node:fs'

/** What can be read from an open file or a pipe, up to `maxBytes` of it. The caller wipes it. */
export function readDescriptor(descriptor: number, maxBytes: number): Uint8Array {
  const buffer = new Uint8Array(maxBytes)
  try {
    let size = 0
    for (let read = -1; read !== 0 && size < buffer.length; size += read)
      read = readSync(descriptor, buffer, size, buffer.length - size, null)
    return buffer.slice(0, size)
  } finally {
    buffer.fill(0)
  }
}
