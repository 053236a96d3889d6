import { readLines } from '../wire/framing.ts'
import { LineWriter } from '../wire/line-writer.ts'
import { lastRepliesTo } from './last-replies.ts'
import { outletOf } from './outlet.ts'
import type { ServiceDeps } from './service.ts'
import { ClientSession } from './session.ts'

const STDOUT = 1

/**
 * Serves one session on stdin and stdout until the client closes stdin and has its replies, or no longer reads, or
 * `stopped` fires. Never touches `process.stdin` or `process.stdout`: their first use costs more than the whole start.
 */
export async function serveStdio(deps: ServiceDeps, stopped: Promise<void>): Promise<void> {
  let clientLeft = (): void => undefined
  const left = new Promise<void>((resolve) => {
    clientLeft = resolve
  })
  const writer = new LineWriter(Bun.stdout.writer(), clientLeft)
  const session = new ClientSession({ ...deps, home: outletOf(writer) })
  const serving = async (): Promise<void> => {
    const unterminated = await readLines(
      Bun.stdin.stream(),
      (line) => session.receive(line),
      (ends) => session.tooLong(ends),
    )
    if (unterminated !== null) await session.receive(unterminated)
    await lastRepliesTo(STDOUT, session)
  }
  await Promise.race([serving().catch(clientLeft), left, stopped])
  await session.close()
  await writer.end()
}
