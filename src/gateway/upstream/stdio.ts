import { LineWriter, readLines } from '../wire/framing.ts'
import type { ServiceDeps } from './service.ts'
import { ClientSession } from './session.ts'

/**
 * Serves one session on stdin and stdout until the client closes either, or `stopped` fires. Never touches
 * `process.stdin` or `process.stdout`: their first use costs more than the whole start.
 */
export async function serveStdio(deps: ServiceDeps, stopped: Promise<void>): Promise<void> {
  let clientLeft = (): void => undefined
  const left = new Promise<void>((resolve) => {
    clientLeft = resolve
  })
  const writer = new LineWriter(Bun.stdout.writer(), clientLeft)
  const home = {
    send: (line: Uint8Array) => writer.write(line),
    room: () => writer.room(),
    end: () => undefined,
  }
  const session = new ClientSession({ ...deps, home })
  const read = readLines(
    Bun.stdin.stream(),
    (line) => session.receive(line),
    (ends) => session.tooLong(ends),
  )
  await Promise.race([read.catch(clientLeft), left, stopped])
  await session.close()
  await writer.end()
}
