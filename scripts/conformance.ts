/** Case D21; see scripts/conformance. Ends with `N passed, N failed`, a scenario each; exits 1 when anything is not as it should be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LEGACY_CLIENT, MODERN_CLIENT } from '../tests/conformance/not-bridgeable.ts'
import { startRelay } from './conformance-relay.ts'

const ROOT = join(import.meta.dir, '..')
const BINARY = join(ROOT, 'dist/mcplexer')
const SUITE = join(ROOT, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
const FIXTURE = join(ROOT, 'tests/conformance/fixture.ts')
const ERAS = ['dual', 'legacy', 'modern'] as const
type Era = (typeof ERAS)[number]
const REVISIONS = [
  { revision: '2025-11-25', required: 30, otherEra: 'modern', impossible: LEGACY_CLIENT },
  { revision: '2026-07-28', required: 37, otherEra: 'legacy', impossible: MODERN_CLIENT },
] as const
type Revision = (typeof REVISIONS)[number]

interface Outcome {
  readonly passed: readonly string[]
  readonly failed: readonly string[]
}

/** The suite's required scenarios against one URL. */
async function runSuite(url: string, revision: string, folder: string): Promise<Outcome> {
  const command = [process.execPath, SUITE, 'server', '--url', url, '--requirements', revision, '-o', folder]
  const suite = Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe', env: { ...process.env, NO_COLOR: '1' } })
  const [text] = await Promise.all([
    new Response(suite.stdout).text(),
    new Response(suite.stderr).text(),
    suite.exited,
  ])
  const [table = '', rest = ''] = text.slice(text.indexOf('=== SUMMARY ===')).split(/^Not scored for /m)
  const unscored = new Set([...rest.matchAll(/^\s+[✓✗] (\S+) \(/gm)].map(([, name]) => name))
  const all = [...table.matchAll(/^[✓✗] (\S+): \d+ passed, (\d+) failed/gm)]
  const results = all.filter(([, name]) => !unscored.has(name))
  return {
    passed: results.flatMap(([, name = '', failed]) => (failed === '0' ? [name] : [])),
    failed: results.flatMap(([, name = '', failed]) => (failed === '0' ? [] : [name])),
  }
}

async function throughGateway(era: Era, { revision }: Revision): Promise<Outcome> {
  const home = mkdtempSync(join(tmpdir(), 'mcplexer-conformance-'))
  const env = { ...process.env, MCPLEXER_HOME: home }
  const server = {
    id: 'fixture',
    command: process.execPath,
    args: [FIXTURE, '--stdio', era],
    tool_namespace: '',
    pin: 'off',
  }
  writeFileSync(join(home, 'mcplexer.yaml'), JSON.stringify({ downstream_servers: [server] }), { mode: 0o600 })
  const gateway = Bun.spawn([BINARY, 'serve', '--http', '127.0.0.1:0'], {
    env,
    stderr: 'pipe',
    stdout: 'ignore',
  })
  const url = await urlFrom(gateway.stderr)
  const token = Bun.spawnSync([BINARY, 'token', 'show'], { env }).stdout.toString().trim()
  // the suite has no option for a header
  const relay = await startRelay(new URL(url), { authorization: `Bearer ${token}` })
  try {
    return await runSuite(relay.url, revision, join(home, 'results'))
  } finally {
    relay.stop()
    gateway.kill()
    await gateway.exited
    rmSync(home, { recursive: true, force: true })
  }
}

async function direct({ revision }: Revision): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'mcplexer-conformance-'))
  const fixture = Bun.spawn([process.execPath, FIXTURE, '--http', '0'], { stderr: 'pipe', stdout: 'ignore' })
  try {
    return await runSuite(await urlFrom(fixture.stderr), revision, folder)
  } finally {
    fixture.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function urlFrom(stderr: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of chunksOf(stderr)) {
    text += chunk
    const [url] = /http:\/\/[^\s;]+/.exec(text) ?? []
    if (url !== undefined) return url
  }
  throw new Error(`it did not start:\n${text}`)
}

async function* chunksOf(stderr: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stderr.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield new TextDecoder().decode(value)
  }
}

/** What is not as it should be, in words. */
function complaints(revision: Revision, era: Era, outcome: Outcome): string[] {
  const impossible = era === revision.otherEra ? revision.impossible.map(({ scenario }) => scenario) : []
  const lost = outcome.failed.filter((scenario) => !impossible.includes(scenario))
  const healed = impossible.filter((scenario) => outcome.passed.includes(scenario))
  const count = outcome.passed.length + outcome.failed.length
  return [
    ...lost.map((scenario) => `lost: ${scenario}`),
    ...healed.map((scenario) => `passes now, take it off tests/conformance/not-bridgeable.ts: ${scenario}`),
    ...(count === revision.required
      ? []
      : [`the suite ran ${count} required scenarios, not ${revision.required}`]),
  ]
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const wanted = process.argv.slice(2)
const eras = ERAS.filter((era) => wanted.length === 0 || wanted.includes(era))
let passed = 0
let failed = 0
for (const revision of REVISIONS) {
  const alone = await direct(revision)
  say(`${revision.revision}  directly                    ${alone.passed.length} of ${revision.required}`)
  for (const era of eras) {
    const outcome = await throughGateway(era, revision)
    const wrong = complaints(revision, era, outcome)
    const server = `${era} server`.padEnd(13)
    say(`${revision.revision}  in front of a ${server} ${outcome.passed.length} of ${revision.required}`)
    for (const complaint of wrong) say(`  ${complaint}`)
    passed += revision.required - wrong.length
    failed += wrong.length
  }
}
say(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
