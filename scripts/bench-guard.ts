/** What protection costs: the leak guard on one message, and a server's start behind each shield. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LiveValues } from '../src/gateway/guard/live-values.ts'
import { redact } from '../src/gateway/redact.ts'
import { median, ms, Peer, print } from './bench-peer.ts'

const ROUNDS = 15
const MIB = 1024 * 1024
const random = (bytes: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes)))
const repeated = (text: string) => text.repeat(Math.ceil(MIB / text.length)).slice(0, MIB)
const items = Array.from({ length: 1000 }, (_, id) => ({ id, name: `item ${id}`, tags: ['a'], price: 12.5 }))
const logLine = '2025-03-01T12:34:56.123Z INFO [worker-3] GET /api/v1/items/4711 200 37ms user=alice\n'
const TEXTS: [string, () => string][] = [
  ['random identifiers', () => Array.from({ length: MIB / 37 }, () => crypto.randomUUID()).join(' ')],
  ['prose', () => repeated('The quick brown fox jumps over the lazy dog. ')],
  ['code', () => repeated(readFileSync(join(import.meta.dir, 'bench-peer.ts'), 'utf8'))],
  ['a log', () => repeated(logLine)],
  ['JSON as text', () => repeated(JSON.stringify(items))],
  ['the same, indented', () => repeated(JSON.stringify(items, null, 2))],
  ['URLs with %XX', () => repeated('https://example.com/search?q=caf%C3%A9%20au%20lait&lang=en ')],
  ['base64', () => repeated(random(4800).toString('base64'))],
  ['\\u escapes only', () => '日'.repeat(MIB / 6)],
]
/** What makes each way of reading do as much as it can. */
const HOSTILE: [string, () => string][] = [
  ['\\u escapes only, of ASCII', () => '\0'.repeat(MIB / 6)],
  ['numbers and commas', () => repeated(`${[...random(4800)].map((byte) => 32 + (byte % 95))},`)],
  ['hex', () => repeated(random(4800).toString('hex'))],
  ['hex with blanks', () => repeated(random(4800).toString('hex').replace(/../g, '$& '))],
  ['base64 in lines of 76', () => repeated(random(4800).toString('base64').replace(/.{76}/g, '$&\n'))],
  ['base64 in lines of 17', () => repeated(random(4800).toString('base64').replace(/.{17}/g, '$&\n'))],
  ['percent signs', () => repeated('%')],
  ['percent signs, percent twice', () => repeated('%25')],
  ['equals signs', () => repeated('=')],
]

export function benchGuard(): void {
  const values = new LiveValues()
  for (let n = 0; n < 50; n++) values.hold(`s${n}`, { TOKEN: `ghp_${crypto.randomUUID()}` })
  print('LEAK GUARD, 50 SECRETS, 1 MiB WITHOUT ANY', ['ms', 'best'])
  for (const [name, text] of TEXTS) benchText(name, text(), values)
  print('THE SAME, MADE TO BE SLOW', ['ms', 'best'])
  for (const [name, text] of HOSTILE) benchText(name, text(), values)
}

function benchText(name: string, whole: string, values: LiveValues): void {
  const text = whole.slice(0, (whole.length * MIB) / Math.max(MIB, JSON.stringify(whole).length))
  const json = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } })
  const escaped = json.replace(/[^\0-\x7f]/g, (each) => `\\u${each.charCodeAt(0).toString(16)}`)
  const line = new TextEncoder().encode(escaped)
  const times: number[] = []
  for (let round = 0; round < 4 * ROUNDS; round++) {
    const started = performance.now()
    const { bytes } = redact(line, values)
    times.push(performance.now() - started)
    if (bytes !== line) throw new Error('a message without a value was changed')
  }
  print(name, [ms(median(times)), ms(Math.min(...times))])
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
