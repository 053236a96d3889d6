import { closeSync, writeSync } from 'node:fs'
import { log } from '../../base/index.ts'

/**
 * Reads `+ PGID` and `- PGID` from descriptor 3. At end of file, which the kernel sends however the gateway dies,
 * it kills every process group that is left. Positional arguments only: nothing of a server gets into the script.
 */
const SCRIPT = `
trap '' INT TERM HUP
groups=
while read -r change group <&3; do
  case $change in
    +) groups="$groups $group" ;;
    -) kept=; for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done; groups=$kept ;;
  esac
done
for each in $groups; do kill -KILL "-$each" 2>/dev/null; done
`

/** A child starts with this: it registers its own group before it becomes the server, so no instant is uncovered. */
const LAUNCHER = 'echo "+ $$" >&3; exec 3>&-; exec "$@"'

/**
 * Sees to it that no server outlives the gateway, SIGKILL included (a death signal alone would leave the
 * grandchildren of `npx`). Started with the first server. Windows has no process groups; there a job does it.
 */
export class Watchdog {
  #pipe: number | null = null
  #job: Promise<void> | null = null

  /** To be awaited before anything is spawned. */
  async ready(): Promise<void> {
    if (process.platform !== 'win32') return
    this.#job ??= import('./job-object.ts').then(({ endTogether }) => endTogether())
    await this.#job.catch(() => log.warn('servers could outlive this process: the system has refused a job'))
  }

  /** The command line and the descriptor 3 that a registered child is spawned with. */
  wrap(command: readonly string[]): { command: string[]; registration: number | 'ignore' } {
    if (process.platform === 'win32') return { command: [...command], registration: 'ignore' }
    return {
      command: ['/bin/sh', '-c', LAUNCHER, 'mcplexer-launch', ...command],
      registration: this.#open(),
    }
  }

  /** The group is gone; its number may be given to somebody else from now on. */
  release(group: number): void {
    if (this.#pipe === null) return
    try {
      writeSync(this.#pipe, `- ${group}\n`)
    } catch {
      log.warn('the watchdog is gone; a new one starts with the next server')
      this.close()
    }
  }

  close(): void {
    if (this.#pipe !== null) closeSync(this.#pipe)
    this.#pipe = null
  }

  #open(): number {
    if (this.#pipe !== null) return this.#pipe
    const shell = Bun.spawn(['/bin/sh', '-c', SCRIPT, 'mcplexer-watchdog'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      detached: true,
      cwd: '/',
      env: {},
      onExit: () => this.close(),
    })
    shell.unref()
    const pipe = shell.stdio[3]
    if (typeof pipe !== 'number') throw new Error('the watchdog has no pipe')
    this.#pipe = pipe
    return pipe
  }
}
