import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plan } from './plan.ts'

const PROGRAM = '/usr/bin/sandbox-exec'
const DEVICES = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom', '/dev/tty', '/dev/fd']

export function canSeatbelt(): boolean {
  return process.platform === 'darwin' && existsSync(PROGRAM)
}

/** The arguments in front of a server's own command line. sandbox-exec(1) of macOS. */
export function seatbeltArguments(plan: Plan): string[] {
  const before = [PROGRAM, '-p', seatbeltProfile(plan)]
  if (plan.level !== 'strict') return before
  const temporary = join(plan.privateHome, 'tmp')
  mkdirSync(temporary, { recursive: true, mode: 0o700 })
  return [...before, '/usr/bin/env', `HOME=${plan.privateHome}`, `TMPDIR=${temporary}`]
}

/** When two rules fit, the later one holds; of two nested ones the narrower one stands later here. */
export function seatbeltProfile(plan: Plan): string {
  const { level, network, hidden, readOnly, privateHome } = plan
  const isStrict = level === 'strict'
  return [
    '(version 1)',
    '(allow default)',
    ...['process-info*', 'signal', 'mach-priv-task-port'].flatMap((power) => [
      `(deny ${power})`,
      `(allow ${power} (target same-sandbox))`,
    ]),
    ...(isStrict ? strictRules(plan) : []),
    rule('deny', 'file-read* file-write* network-outbound', 'subpath', hidden),
    rule('deny', 'file-write*', 'literal', readOnly),
    rule('deny', 'file-write-unlink', 'literal', [...new Set([...hidden, ...readOnly].flatMap(above))]),
    isStrict ? rule('allow', 'file-read* file-write*', 'subpath', [privateHome]) : '',
    network === 'none' ? '(deny network*)' : '',
  ]
    .filter(Boolean)
    .join('\n')
}

/** A system that cannot be written, and of the home only what is named. */
function strictRules({ home, folder, executable, readable, writable }: Plan): string[] {
  const own = [...readable, ...writable, executable, ...(folder === home ? [] : [folder])]
  return [
    '(deny file-write*)',
    rule('allow', 'file-write*', 'subpath', [...writable, ...DEVICES]),
    rule('deny', 'file-read-data file-read-xattr', 'subpath', [home]),
    rule('allow', 'file-read*', 'subpath', own),
  ]
}

function rule(verdict: 'allow' | 'deny', powers: string, filter: string, paths: readonly string[]): string {
  return paths.length === 0
    ? ''
    : `(${verdict} ${powers} ${paths.map((path) => `(${filter} ${quoted(path)})`).join(' ')})`
}

/** Whoever may rename a folder above a hidden one could put another in its place. */
function above(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [] : [parent, ...above(parent)]
}

function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&')}"`
}
