import { nearest } from '../base/index.ts'

/** What people type, after other programs, and what it is here. */
const WHOLE: Readonly<Record<string, string>> = {
  'daemon start': 'serve --daemon',
  'daemon restart': 'serve --daemon',
  'daemon run': 'serve --daemon --foreground',
  'key rotate': 'rotate-key',
  'servers list': 'status',
  'server list': 'status',
  rotate: 'rotate-key',
  start: 'serve',
  run: 'serve',
  setup: 'init',
  check: 'config check',
  validate: 'config check',
  call: 'tools call',
  log: 'audit tail',
  logs: 'audit tail',
}
/** In the place of a second word; the first that its group has is meant. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  set: ['put'],
  add: ['put'],
  create: ['put', 'new'],
  update: ['put'],
  store: ['put'],
  rm: ['delete', 'revoke'],
  remove: ['delete', 'revoke'],
  unset: ['delete'],
  ls: ['list'],
  show: ['get', 'list', 'status'],
  read: ['get'],
  validate: ['check'],
  run: ['call'],
  exec: ['call'],
  approve: ['review'],
}

/** Pure: the command that was meant by words that are none, or null. `paths`: all commands. */
export function meantCommand(args: readonly string[], paths: readonly string[]): string | null {
  const [first = '', second = ''] = args
  const typed = `${first} ${second}`.trim()
  const groups = new Set(paths.flatMap((path) => path.split(' ')[0] ?? []))
  const verb = ownEntry(VERBS, second)?.find((word) => paths.includes(`${first} ${word}`))
  if (verb !== undefined) return `${first} ${verb}`
  const known = ownEntry(WHOLE, typed) ?? (groups.has(first) ? undefined : ownEntry(WHOLE, first))
  return known ?? nearest(typed, paths) ?? (groups.has(first) ? null : nearest(first, groups))
}

function ownEntry<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined
}
