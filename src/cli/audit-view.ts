import type { StoredEntry } from '../audit/index.ts'
import { visibleLine } from '../base/index.ts'
import { CliError } from './cli-error.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90m`, `24h`, `7d` before now, or a date. Throws CLI_USAGE. */
export function timeOf(text: string, nowMs: number): number {
  const [, amount, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? []
  const ms = amount === undefined ? Date.parse(text) : nowMs - Number(amount) * (UNITS[unit] ?? 0)
  if (Number.isFinite(ms)) return ms
  throw new CliError('CLI_USAGE', 'this is no time', { hint: 'for example 90m, 24h, 7d or 2026-11-21' })
}

/** One line for people. */
export function entryRow(entry: StoredEntry): string[] {
  const { atMs, kind, action, decision, client, server, name, scope, keys, durationMs, reason } = entry
  const what = [kind === action ? kind : `${kind} ${action}`, server, name].filter(Boolean).join(' ')
  const secret = [scope, keys?.join(', ')].filter(Boolean).join(': ')
  const outcome = [decision, reason, durationMs === undefined ? null : `${durationMs} ms`]
    .filter(Boolean)
    .join(' ')
  const time = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')
  return [time, client ?? '-', what, secret || '-', outcome].map(visibleLine)
}

export const ENTRY_HEAD = ['TIME (UTC)', 'CLIENT', 'WHAT', 'SECRET', 'OUTCOME']
