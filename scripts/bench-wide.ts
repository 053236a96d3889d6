/** Many servers, and one with many tools: from spawn until everything is listed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, ms, Peer, print } from './bench-peer.ts'

const ROUNDS = 7

export async function benchWide({ binary, echo }: { binary: string; echo: string }): Promise<void> {
  print('MANY SERVERS, ms from spawn to all tools', ['nothing stored', 'stored'])
  for (const count of [1, 10, 20]) {
    const ids = Array.from({ length: count }, (_, n) => `echo${n}`)
    const home = homeOf(ids.map((id) => ({ id, command: echo })))
    const fresh: number[] = []
    const stored: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      for (const end of ['', '-wal', '-shm']) rmSync(join(home, `activity.db${end}`), { force: true })
      fresh.push(await listTime([binary, 'serve'], home, 50 * count))
      stored.push(await listTime([binary, 'serve'], home, 50 * count))
    }
    print(`${count} ${count === 1 ? 'server' : 'servers'}`, [ms(median(fresh)), ms(median(stored))])
    rmSync(home, { recursive: true })
  }
  const home = homeOf([{ id: 'echo', command: echo, args: ['500'] }])
  await listTime([binary, 'serve'], home, 500)
  print('A LIST OF 500 TOOLS, ms', ['from spawn', 'once running'])
  for (const [name, command] of [
    ['direct', [echo, '500']],
    ['mcplexer, stored', [binary, 'serve']],
  ] as const) {
    const starts: number[] = []
    for (let round = 0; round < ROUNDS; round++) starts.push(await listTime([...command], home, 500))
    print(name, [ms(median(starts)), ms(median(await warmTimes([...command], home)))])
  }
  rmSync(home, { recursive: true })
}

function homeOf(servers: readonly object[]): string {
  const home = mkdtempSync(join(tmpdir(), 'mcplexer-bench-'))
  writeFileSync(join(home, 'mcplexer.yaml'), JSON.stringify({ downstream_servers: servers }), { mode: 0o600 })
  return home
}

async function listTime(command: string[], home: string, tools: number): Promise<number> {
  const started = performance.now()
  const peer = new Peer({ name: '', command, prefix: '' }, home)
  await peer.initialize()
  const list = await peer.request('tools/list', {})
  const time = performance.now() - started
  if (list.split('"inputSchema"').length !== tools + 1) throw new Error(`the list has not ${tools} tools`)
  await Bun.sleep(50)
  await peer.end()
  return time
}

async function warmTimes(command: string[], home: string): Promise<number[]> {
  const peer = new Peer({ name: '', command, prefix: '' }, home)
  await peer.initialize()
  const times: number[] = []
  for (let n = 0; n < 300; n++) {
    const started = performance.now()
    await peer.request('tools/list', {})
    if (n >= 100) times.push(performance.now() - started)
  }
  await peer.end()
  return times
}
