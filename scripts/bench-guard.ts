/** What protection costs: the leak guard on one message, and a server's start behind each shield. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LiveValues } from '../src/gateway/guard/live-values.ts'
import { redact } from '../src/gateway/redact.ts'
import { median, ms, Peer, print } from './bench-peer.ts'

const ROUNDS = 15
const MIB = 1024 * 1024
const TEXTS: [string, () => string][] = [
  ['random identifiers', () => Array.from({ length: MIB / 37 }, () => crypto.randomUUID()).join(' ')],
  ['prose', () => 'The quick brown fox jumps over the lazy dog. '.repeat(MIB / 45)],
  ['\\u escapes only', () => '日'.repeat(MIB / 6)],
]

export function benchGuard(): void {
  print('LEAK GUARD, 50 SECRETS, 1 MiB WITHOUT ANY', ['ms'])
  const values = new LiveValues()
  for (let n = 0; n < 50; n++) values.hold(`s${n}`, { TOKEN: `ghp_${crypto.randomUUID()}` })
  for (const [name, text] of TEXTS) {
    const json = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      result: { content: [{ type: 'text', text: text() }] },
    })
    const escaped = json.replace(/[^\0-\x7f]/g, (each) => `\\u${each.charCodeAt(0).toString(16)}`)
    const line = new TextEncoder().encode(escaped)
    const times: number[] = []
    for (let round = 0; round < 4 * ROUNDS; round++) {
      const started = performance.now()
      const { bytes } = redact(line, values)
      times.push(performance.now() - started)
      if (bytes !== line) throw new Error('a message without a value was changed')
    }
    print(name, [ms(median(times))])
  }
}

export async function benchShield({ binary, echo }: { binary: string; echo: string }): Promise<void> {
  print('FIRST CALL, SERVER NOT RUNNING', ['ms'])
  const times = new Map<string, number[]>()
  const homes = ['off', 'default', 'strict'].map((shield) => {
    const home = mkdtempSync(join(tmpdir(), 'mcplexer-bench-'))
    const servers = [{ id: 'echo', command: echo, shield, readable: [echo] }]
    writeFileSync(join(home, 'mcplexer.yaml'), JSON.stringify({ downstream_servers: servers }), { mode: 0o600 })
    Bun.spawnSync([binary, 'servers', 'review', '--yes'], { env: { ...process.env, MCPLEXER_HOME: home } })
    return { shield, home }
  })
  for (let round = 0; round < ROUNDS; round++) {
    for (const { shield, home } of homes) {
      const peer = new Peer({ name: '', command: [binary, 'serve'], prefix: 'echo__' }, home)
      await peer.initialize()
      await peer.request('tools/list', {})
      await Bun.sleep(300)
      if (round === 0) await peer.echo('stored now')
      const started = performance.now()
      if (round > 0) await peer.echo('x')
      if (round > 0) times.set(shield, [...(times.get(shield) ?? []), performance.now() - started])
      await peer.end()
    }
  }
  for (const { shield, home } of homes) {
    print(`shield: ${shield}`, [ms(median(times.get(shield) ?? []))])
    rmSync(home, { recursive: true })
  }
}
