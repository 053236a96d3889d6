#!/usr/bin/env bun
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolvePaths, Secret } from '../src/base/index.ts'
import { openVault } from '../src/vault/index.ts'
import { benchGuard, benchShield } from './bench-guard.ts'
import { cpuSeconds, median, ms, Peer, print, quantile, rss, type Setup } from './bench-peer.ts'
import { benchWays } from './bench-ways.ts'
import { benchWide } from './bench-wide.ts'
import { compile } from './build.ts'

const ROOT = join(import.meta.dir, '..')
const BINARY = join(ROOT, 'dist/mcplexer')
const ECHO = join(ROOT, 'dist/bench/echo')
const PIPE = join(ROOT, 'dist/bench/pipe')
const ROUNDS = 9
/** Until the runtime has compiled what a call runs through; before that one call in a hundred takes 2 ms. */
const WARM_CALLS = 20_000
/** Longer than a gateway takes to find that it has nothing to do. */
const IDLE_MS = 12_000

const home = mkdtempSync(join(tmpdir(), 'mcplexer-bench-'))
const direct: Setup = { name: 'direct', command: [ECHO], prefix: '' }
const pipe: Setup = { name: 'byte pipe', command: [PIPE, ECHO], prefix: '' }
const gateway: Setup = { name: 'mcplexer', command: [BINARY, 'serve'], prefix: 'echo__' }
const fresh: Setup = {
  ...gateway,
  name: 'mcplexer, nothing stored',
  prepare: () => {
    for (const end of ['', '-wal', '-shm']) rmSync(join(home, `activity.db${end}`), { force: true })
  },
}

compile('scripts/bench-pipe.ts', PIPE, [])
await prepareHome()
const wanted = process.argv.slice(2)
const isWanted = (part: string) => wanted.length === 0 || wanted.includes(part)
if (isWanted('start')) await benchStart()
if (isWanted('calls')) await benchCalls()
if (isWanted('ways')) await benchWays({ binary: BINARY, echo: ECHO, home })
if (isWanted('wide')) await benchWide({ binary: BINARY, echo: ECHO })
if (isWanted('guard')) benchGuard()
if (isWanted('shield')) await benchShield({ binary: BINARY, echo: ECHO })
if (isWanted('vault')) await benchVault()
rmSync(home, { recursive: true })

async function prepareHome(): Promise<void> {
  Bun.spawnSync([BINARY, 'init'], {
    env: { ...process.env, MCPLEXER_HOME: home },
    stderr: 'ignore',
    stdout: 'ignore',
  })
  writeFileSync(
    join(home, 'mcplexer.yaml'),
    `auth_scopes: [{ id: s, keys: [{ name: TOKEN }] }]\ndownstream_servers: [{ id: echo, command: ${ECHO}, auth_scope: s }]\n`,
  )
  const vault = openVault({ paths: resolvePaths(undefined, { HOME: home, MCPLEXER_HOME: home }) })
  await vault.put('s', 'TOKEN', Secret.fromText('bench'))
  await vault.close()
}

async function benchStart(): Promise<void> {
  const rows = new Map<string, { initialize: number[]; list: number[] }>()
  for (let round = 0; round < ROUNDS + 1; round++) {
    for (const setup of [direct, pipe, fresh, gateway]) {
      setup.prepare?.()
      const started = performance.now()
      const peer = new Peer(setup, home)
      await peer.initialize()
      const initialized = performance.now() - started
      const list = await peer.request('tools/list', {})
      const listed = performance.now() - started
      if (list.split('"inputSchema"').length !== 51) throw new Error('the list has not 50 tools')
      await peer.end()
      const row = rows.get(setup.name) ?? { initialize: [], list: [] }
      if (round > 0) row.initialize.push(initialized)
      if (round > 0) row.list.push(listed)
      rows.set(setup.name, row)
    }
  }
  const floor = median(rows.get('byte pipe')?.initialize ?? [])
  print('START, ms from spawn', ['initialize', 'tools/list', 'initialize ÷ pipe'])
  for (const [name, row] of rows) {
    print(name, [ms(median(row.initialize)), ms(median(row.list)), (median(row.initialize) / floor).toFixed(2)])
  }
}

async function benchCalls(): Promise<void> {
  const setups = [direct, pipe, gateway]
  const peers = setups.map((setup) => new Peer(setup, home))
  await Promise.all(peers.map((peer) => peer.initialize()))
  await Promise.all(peers.map((peer) => peer.request('tools/list', {})))
  await Bun.sleep(1000)
  const started = rss(peers[2]?.process.pid ?? 0, 'VmRSS')
  await Bun.sleep(IDLE_MS)
  const idle = rss(peers[2]?.process.pid ?? 0, 'VmRSS')
  for (const peer of peers) for (let n = 0; n < WARM_CALLS; n++) await peer.echo('warm')
  for (const [label, size, count] of [
    ['1 KB', 1000, 400],
    ['100 KB', 100_000, 40],
    ['1 MB', 1_000_000, 6],
  ] as const) {
    const times = peers.map((): number[] => [])
    const message = 'm'.repeat(size)
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, peer] of peers.entries()) {
        for (let n = 0; n < count; n++) {
          const started = performance.now()
          await peer.echo(message)
          times[index]?.push(performance.now() - started)
        }
      }
    }
    const base = median(times[0] ?? [])
    const pipeAdded = median(times[1] ?? []) - base
    print(`CALL of ${label}, ms`, ['p50', 'p99', 'added p50', 'added ÷ pipe'])
    for (const [index, { name }] of setups.entries()) {
      const added = median(times[index] ?? []) - base
      print(name, [
        ms(median(times[index] ?? [])),
        ms(quantile(times[index] ?? [], 0.99)),
        ms(added),
        index < 1 ? '' : (added / pipeAdded).toFixed(2),
      ])
    }
  }
  for (const open of [32, 256]) await benchThroughput(setups, peers, open)
  print('MEMORY of mcplexer, MiB', ['just started', 'idle', 'peak'])
  print(
    '',
    [started, idle, rss(peers[2]?.process.pid ?? 0, 'VmHWM')].map((mib) => mib.toFixed(0)),
  )
  await Promise.all(peers.map((peer) => peer.end()))
}

async function benchThroughput(setups: Setup[], peers: Peer[], open: number): Promise<void> {
  const calls = 20_000
  const message = 'm'.repeat(1000)
  print(`${open} OPEN CALLS of 1 KB`, ['calls/s', 'CPU µs/call', '÷ direct'])
  let base = 0
  for (const [index, peer] of peers.entries()) {
    const rates: number[] = []
    const cpu: number[] = []
    for (let round = 0; round < 3; round++) {
      const cpuBefore = cpuSeconds(peer.process.pid)
      const started = performance.now()
      let sent = 0
      await Promise.all(
        Array.from({ length: open }, async () => {
          while (sent++ < calls) await peer.echo(message)
        }),
      )
      rates.push(calls / ((performance.now() - started) / 1000))
      cpu.push(((cpuSeconds(peer.process.pid) - cpuBefore) / calls) * 1e6)
    }
    base ||= median(rates)
    print(setups[index]?.name ?? '', [
      median(rates).toFixed(0),
      median(cpu).toFixed(0),
      (median(rates) / base).toFixed(2),
    ])
  }
}

async function benchVault(): Promise<void> {
  const env = { ...process.env, MCPLEXER_HOME: home }
  const gets = Array.from({ length: 15 }, () => {
    const started = performance.now()
    Bun.spawnSync([BINARY, 'secret', 'get', 's', 'TOKEN'], { env, stdout: 'ignore', stderr: 'ignore' })
    return performance.now() - started
  })
  print('WHOLE PROCESS', ['ms', 'peak MiB'])
  print('secret get', [ms(median(gets)), ''])
  let filled = 1
  for (const scopes of [1000, 10_000]) {
    const vault = openVault({ paths: resolvePaths(undefined, { HOME: home, MCPLEXER_HOME: home }) })
    for (; filled < scopes; filled++)
      await vault.put(`s${filled}`, 'TOKEN', Secret.fromText(`value ${filled} ${'x'.repeat(40)}`))
    await vault.close()
    const started = performance.now()
    const run = Bun.spawnSync([BINARY, 'rotate-key'], { env, stdout: 'ignore', stderr: 'ignore' })
    if (run.exitCode !== 0) throw new Error('the rotation failed')
    print(`rotate-key of ${scopes} scopes`, [
      ms(performance.now() - started),
      ((run.resourceUsage?.maxRSS ?? 0) / 2 ** 20).toFixed(0),
    ])
  }
}
