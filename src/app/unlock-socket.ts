import { chmodSync, readdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Doorstep, makeSocketProof, type Paths, readSocketProof, systemCode } from '../base/index.ts'
import type { KeyHandover } from '../vault/index.ts'
import { runFolder } from './run-folder.ts'

/** What a gateway is told: what opens the key file, or that all is locked there, or no longer. */
export type Word = KeyHandover | { readonly isLocked: boolean }

const NAME = /^unlock-\d+\.sock$/
/** Also those of servers' ways out, by the number of the gateway. */
const OF_A_GATEWAY = /^(?:unlock|egress)-(\d+)(?:-\d+)?\.sock$/
const MAX_BYTES = 8192
/** For a gateway that does not answer, as it was stopped for example. */
const ANSWER_LIMIT_MS = 3000

/**
 * Waits in a private folder for what `mcplexer unlock`, or a `lock` that cannot be written, tells every gateway, and
 * removes what others left there that were killed. `take` gives whether it was of use here. Gives what ends it. Throws
 * DAEMON_FOLDER_UNSAFE.
 */
export async function listenForUnlocking(paths: Paths, take: (word: Word) => boolean): Promise<() => void> {
  const folder = runFolder(paths)
  await removeAbandoned(folder)
  makeSocketProof(folder)
  const path = join(folder, `unlock-${process.pid}.sock`)
  const doorstep = new Doorstep(folder)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    doorstep.meet(socket, () => receive(socket, take))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
  server.unref()
  return () => {
    server.close()
    doorstep.close()
    rmSync(path, { force: true })
  }
}

/** One line, and the answer to it. */
function receive(socket: Socket, take: (word: Word) => boolean): void {
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
    if (text.length > MAX_BYTES) socket.destroy()
    const [line = '', ...rest] = text.split('\n')
    if (rest.length === 0) return
    const word = wordIn(line)
    socket.end(word !== null && take(word) ? 'taken\n' : '')
  })
  socket.resume()
}

/** Whether any gateway waits for it. Throws DAEMON_FOLDER_UNSAFE. */
export async function isWaitedFor(paths: Paths): Promise<boolean> {
  const answers = await answersOf(runFolder(paths), '')
  return answers.some((answer) => answer !== 'nobody')
}

/** Every gateway that listens; gives how many have taken it, and how many have not. Throws DAEMON_FOLDER_UNSAFE. */
export async function tellGateways(paths: Paths, word: Word): Promise<{ taken: number; others: number }> {
  const folder = runFolder(paths)
  const answers = await answersOf(folder, `${readSocketProof(folder) ?? ''}\n${JSON.stringify(word)}\n`)
  const taken = answers.filter((answer) => answer === 'taken\n').length
  return { taken, others: answers.filter((answer) => answer !== 'nobody').length - taken }
}

function answersOf(folder: string, lines: string): Promise<string[]> {
  const names = readdirSync(folder).filter((name) => NAME.test(name))
  return Promise.all(names.map((name) => answerOf(join(folder, name), lines)))
}

/**
 * What was left by gateways that were killed. Only where nobody listens and the process has gone: one that is about
 * to listen is alive, and one that listens may be of another container, where processes have other numbers.
 */
async function removeAbandoned(folder: string): Promise<void> {
  const abandoned = readdirSync(folder).filter((name) => {
    const pid = OF_A_GATEWAY.exec(name)?.[1]
    return pid !== undefined && !isRunning(Number(pid))
  })
  for (const path of abandoned.map((name) => join(folder, name)))
    if ((await answerOf(path, '')) === 'nobody') rmSync(path, { force: true })
}

/** Of another process than this one, which listens to nothing yet. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

/** Sends `lines`; without any it is only knocked. `nobody`: what once listened there has gone. */
function answerOf(path: string, lines: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection(path, () => (lines === '' ? socket.destroy() : socket.write(lines)))
    socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy())
    socket.on('data', (chunk) => {
      resolve(String(chunk))
      socket.destroy()
    })
    socket.on('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED' ? 'nobody' : ''))
    socket.on('close', () => resolve(''))
  })
}

function wordIn(line: string): Word | null {
  try {
    const word = JSON.parse(line)
    const isKey = typeof word === 'string' || typeof word?.fileKey === 'string'
    return isKey || typeof word?.isLocked === 'boolean' ? word : null
  } catch {
    return null
  }
}
