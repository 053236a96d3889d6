import { chmodSync, readdirSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { ensurePrivateFolder, type Paths } from './base/index.ts'

const NAME = /^unlock-\d+\.sock$/
const MAX_BYTES = 8192

/**
 * Waits in a private folder for the passphrase of the key file, which `mcplexer unlock` hands over to every gateway.
 * Gives what ends it.
 */
export async function listenForPassphrase(
  paths: Paths,
  take: (passphrase: string) => void,
): Promise<() => void> {
  const folder = dirname(paths.socket)
  ensurePrivateFolder(folder)
  const path = join(folder, `unlock-${process.pid}.sock`)
  rmSync(path, { force: true })
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      text += String(chunk)
      if (text.length > MAX_BYTES) socket.destroy()
      if (!text.endsWith('\n')) return
      const passphrase = textIn(text)
      if (passphrase !== null) take(passphrase)
      socket.end(passphrase === null ? '' : 'taken\n')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
  server.unref()
  return () => {
    server.close()
    rmSync(path, { force: true })
  }
}

/** To every gateway that waits for it; gives how many have taken it. What is left of one that died is removed. */
export async function handOver(paths: Paths, passphrase: string): Promise<number> {
  const folder = dirname(paths.socket)
  const names = namesIn(folder).filter((name) => NAME.test(name))
  const taken = await Promise.all(names.map((name) => send(join(folder, name), passphrase)))
  return taken.filter(Boolean).length
}

function send(path: string, passphrase: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path, () => socket.write(`${JSON.stringify(passphrase)}\n`))
    socket.on('data', () => resolve(true))
    socket.on('error', () => {
      rmSync(path, { force: true })
      resolve(false)
    })
    socket.on('close', () => resolve(false))
  })
}

function textIn(line: string): string | null {
  try {
    const text: unknown = JSON.parse(line)
    return typeof text === 'string' ? text : null
  } catch {
    return null
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
