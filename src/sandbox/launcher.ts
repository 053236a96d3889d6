import { log } from '../base/index.ts'
import { openKernel } from './kernel.ts'
import { restrictSelf } from './landlock.ts'

const NOT_STARTED = 126

/** This process gives up its rights and becomes the server; it comes back only when that failed, with the exit code. */
export async function runShielded([restriction = '{}', ...command]: readonly string[]): Promise<number> {
  try {
    const kernel = await openKernel()
    if (kernel === null) throw new Error('no kernel')
    restrictSelf(kernel, JSON.parse(restriction))
    kernel.execute(command)
  } catch {
    // whatever it was: without its shield the server does not run
  }
  log.error('the shield could not be set up; the server was not started')
  return NOT_STARTED
}
