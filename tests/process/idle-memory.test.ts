import { expect, test } from 'bun:test'
import { join } from 'node:path'

const MODULE = join(import.meta.dir, '../../src/base/idle-memory.ts')
/** Says how much of files it has resident, in KiB, before and after; and that it still runs. */
const PROGRAM = `
  import { readFileSync } from 'node:fs'
  import { releaseMemoryWhenIdle } from ${JSON.stringify(MODULE)}
  const mapped = () => Number(/RssFile:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  const before = mapped()
  const stop = releaseMemoryWhenIdle(5)
  while (mapped() > before - 4096) await Bun.sleep(1)
  stop()
  console.log(new Intl.DateTimeFormat('en').format(0), crypto.randomUUID().length)
`

test.skipIf(process.platform !== 'linux')(
  'an idle program gives its pages back and goes on',
  async () => {
    const child = Bun.spawn([process.execPath, '-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] })

    expect(await new Response(child.stdout).text()).toEndWith('1970 36\n')
    expect(await child.exited).toBe(0)
  },
  20_000,
)
