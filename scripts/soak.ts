#!/usr/bin/env bun
/**
 * `scripts/soak [MINUTES]`: clients, puts, rotations, kills, locks and edits of the configuration against each other,
 * on the compiled binary. Counts what was lost, leaked or hung; ends with `N passed, N failed`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filesBelow } from '../tests/helpers/canary.ts'
import { BINARY, hostEnvironment, ROOT } from '../tests/helpers/temp-home.ts'

const SERVER = join(ROOT, 'tests/fixtures/servers/general.ts')
const SCOPES = ['a', 'b', 'c']
const HANG_MS = 30_000
const minutes = Number(process.argv[2] ?? 1)
const endMs = performance.now() + minutes * 60_000
const folder = mkdtempSync(join(tmpdir(), 'mcplexer-soak-'))
const home = join(folder, 'home')
const env = { ...hostEnvironment(), MCPLEXER_HOME: home }
const done = { calls: 0, puts: 0, rotations: 0, kills: 0, locks: 0, edits: 0 }
const faults = { lost: 0, leaked: 0, hung: 0, wrong: 0 }
/** Of each scope: the value that was put last, and the one that may have been put when a put was killed. */
const current = new Map<string, Set<string>>()
const everyValue = new Set<string>()

await mcplexer(['init'])
configure(0)
for (const scope of SCOPES) await put(scope)
await Promise.all([clients(), clients(), puts(), rotations(), locks(), edits()])
await mcplexer(['unlock'])
for (const scope of SCOPES) await compare(scope)
const verified = await mcplexer(['audit', 'verify'])
if (verified.exitCode !== 0) fault('wrong', `the record: ${verified.stdout}`)
for (const path of filesBelow(home)) {
  const bytes = readFileSync(path)
  for (const value of everyValue) if (bytes.includes(value)) fault('leaked', path)
}
rmSync(folder, { recursive: true, force: true })
const total = Object.values(faults).reduce((sum, count) => sum + count, 0)
process.stdout.write(
  `${JSON.stringify(done)}\n${faults.lost} lost, ${faults.leaked} leaked, ${faults.hung} hung, ${faults.wrong} wrong\n`,
)
process.stdout.write(`${total === 0 ? 1 : 0} passed, ${total} failed\n`)
process.exit(total === 0 ? 0 : 1)

/** One session after another, ended politely or not. */
async function clients(): Promise<void> {
  while (performance.now() < endMs) {
    const child = Bun.spawn([BINARY, 'serve'], {
      env,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'ignore',
      cwd: folder,
    })
    const lines = linesOf(child.stdout)
    send(child, 1, 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'soak', version: '1' },
    })
    await within(lines.next(), 'initialize')
    for (let n = 0; n < 5; n++) {
      const scope = pick(SCOPES)
      send(child, n + 2, 'tools/call', { name: `srv-${scope}__environment`, arguments: {} })
      const text = await replyTo(lines, n + 2)
      if (text === null) break
      done.calls++
      for (const value of everyValue) if (text.includes(value)) fault('leaked', 'a reply')
      if (!text.includes(`[redacted ${scope}/TOKEN]`) && !/locked|ended|stopped/.test(text))
        fault('wrong', text.slice(0, 300))
    }
    if (Math.random() < 0.3) {
      child.kill('SIGKILL')
      done.kills++
    } else child.stdin.end()
    await within(child.exited, 'the end of serve')
  }
}

async function puts(): Promise<void> {
  while (performance.now() < endMs) {
    await put(pick(SCOPES), Math.random() < 0.3 ? Math.random() * 120 : null)
    done.puts++
    await Bun.sleep(100)
  }
}

async function rotations(): Promise<void> {
  while (performance.now() < endMs) {
    const killAfterMs = Math.random() < 0.5 ? 40 + Math.random() * 120 : null
    const { exitCode, stderr, isKilled } = await mcplexer(['rotate-key'], { killAfterMs })
    if (exitCode !== 0 && !isKilled) fault('wrong', stderr)
    done.rotations++
    await compare(pick(SCOPES))
    await Bun.sleep(200)
  }
}

async function locks(): Promise<void> {
  while (performance.now() < endMs) {
    await Bun.sleep(2000)
    await mcplexer(['lock'])
    await Bun.sleep(150)
    await mcplexer(['unlock'])
    done.locks++
  }
}

async function edits(): Promise<void> {
  for (let round = 1; performance.now() < endMs; round++) {
    await Bun.sleep(700)
    configure(round)
    done.edits++
  }
}

async function put(scope: string, killAfterMs: number | null = null): Promise<void> {
  const value = `value-of-${scope}-${crypto.randomUUID()}`
  everyValue.add(value)
  const before = current.get(scope) ?? new Set()
  current.set(scope, new Set([...before, value]))
  const { exitCode, isKilled, stderr } = await mcplexer(['secret', 'put', scope, 'TOKEN'], {
    stdin: value,
    killAfterMs,
  })
  if (exitCode === 0) current.set(scope, new Set([value]))
  else if (!isKilled) fault('wrong', stderr)
}

/** What is sealed is the value that was put last, or one that a killed put may have written. */
async function compare(scope: string): Promise<void> {
  const expected = new Set(current.get(scope))
  const { exitCode, stdout, stderr } = await mcplexer(['secret', 'get', scope, 'TOKEN'])
  const allowed = new Set([...expected, ...(current.get(scope) ?? [])])
  const isLocked = stderr.includes('locked')
  if (exitCode === 0 ? !allowed.has(stdout) : !isLocked) fault('lost', `${scope}: ${stderr}`)
}

async function mcplexer(
  args: readonly string[],
  { stdin = '', killAfterMs = null }: { stdin?: string; killAfterMs?: number | null } = {},
) {
  const child = Bun.spawn([BINARY, ...args], { env, stdin: Buffer.from(stdin), stdout: 'pipe', stderr: 'pipe' })
  const timer = killAfterMs === null ? null : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  const [stdout, stderr] = await within(
    Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]),
    args.join(' '),
  )
  if (timer !== null) clearTimeout(timer)
  return { exitCode: child.exitCode, isKilled: child.signalCode === 'SIGKILL', stdout, stderr }
}

function configure(round: number): void {
  const servers = SCOPES.map((id) => ({
    id: `srv-${id}`,
    command: process.execPath,
    args: [SERVER],
    auth_scope: id,
    idle_timeout_sec: 1 + (round % 3),
  }))
  writeFileSync(
    join(home, 'mcplexer.yaml'),
    JSON.stringify({ auth_scopes: SCOPES.map((id) => ({ id })), downstream_servers: servers }),
  )
}

function send(
  child: Bun.Subprocess<'pipe', 'pipe', 'ignore'>,
  id: number,
  method: string,
  params: object,
): void {
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
  child.stdin.flush()
}

async function replyTo(lines: AsyncGenerator<string>, id: number): Promise<string | null> {
  for (;;) {
    const { value, done: isOver } = await within(lines.next(), `reply ${id}`)
    if (isOver) return null
    if (JSON.parse(value).id === id) return value
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: Timer | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what)), HANG_MS)
  })
  try {
    return await Promise.race([work, late])
  } catch (error) {
    fault('hung', error instanceof Error ? error.message : what)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function fault(kind: keyof typeof faults, what: string): void {
  faults[kind]++
  if (faults[kind] <= 5) process.stderr.write(`${kind}: ${what}\n`)
}

function pick<T>(all: readonly T[]): T {
  return all[Math.floor(Math.random() * all.length)] as T
}
