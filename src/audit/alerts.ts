import type { StoredEntry } from './entry.ts'

/** Something that a person should look at; what happened more than once stands at its first time. */
interface Alert {
  readonly atMs: number
  readonly text: string
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MINUTE_MS = 60_000
const BURST_CALLS = 120
/** Hours are unusual only for somebody with habits. */
const HABIT_DAYS = 14
const SLIPS = new Set(['VAULT_BACKUP_EXISTS', 'VAULT_KEY_FILE_EXISTS', 'VAULT_NAME_REFUSED'])

/**
 * Pure: what stands out since `sinceMs`, by the whole history: the first use of a scope by a client, many calls in a
 * minute, hours at which nothing was ever done, openings that failed, values that were nearly given away.
 */
export function alertsIn(entries: readonly StoredEntry[], sinceMs: number): Alert[] {
  const alerts = [
    ...firstUses(entries),
    ...bursts(entries),
    ...unusualHours(entries, sinceMs),
    ...entries.flatMap(single),
  ]
  const recent = alerts.filter(({ atMs }) => atMs >= sinceMs)
  const merged = [...Map.groupBy(recent, ({ text }) => text).values()].flatMap(([first, ...again]) =>
    first === undefined
      ? []
      : [again.length === 0 ? first : { ...first, text: `${first.text}, ${again.length + 1} times` }],
  )
  return merged.sort((a, b) => a.atMs - b.atMs)
}

function firstUses(entries: readonly StoredEntry[]): Alert[] {
  const seen = new Set<string>()
  const clientsOf = new Map<string, number>()
  return entries.flatMap(({ kind, decision, scope, client, atMs }) => {
    if (kind !== 'start' || decision !== 'allowed' || scope === undefined || client === undefined) return []
    const pair = `${scope} ${client}`
    if (seen.has(pair)) return []
    seen.add(pair)
    const count = (clientsOf.get(scope) ?? 0) + 1
    clientsOf.set(scope, count)
    return count === 1 ? [] : [{ atMs, text: `auth scope ${scope} was used by ${client} for the first time` }]
  })
}

function bursts(entries: readonly StoredEntry[]): Alert[] {
  const calls = Map.groupBy(
    entries.filter(({ kind }) => kind === 'call'),
    ({ server, atMs }) => `${server} ${Math.floor(atMs / MINUTE_MS)}`,
  )
  return [...calls.values()].flatMap((minute) => {
    const [first] = minute
    if (first === undefined || minute.length < BURST_CALLS) return []
    return [{ atMs: first.atMs, text: `server ${first.server} was called ${minute.length} times in a minute` }]
  })
}

function unusualHours(entries: readonly StoredEntry[], sinceMs: number): Alert[] {
  const before = entries.filter(({ atMs }) => atMs < sinceMs)
  const [first] = before
  if (first === undefined || sinceMs - first.atMs < HABIT_DAYS * DAY_MS) return []
  const hourOf = (atMs: number) => new Date(atMs).getHours()
  const usual = new Set(before.map(({ atMs }) => hourOf(atMs)))
  const unusual = entries.filter(
    ({ atMs, kind }) => atMs >= sinceMs && kind === 'call' && !usual.has(hourOf(atMs)),
  )
  const byHour = Map.groupBy(unusual, ({ atMs }) => Math.floor(atMs / HOUR_MS))
  return [...byHour.values()].flatMap(([entry, ...rest]) =>
    entry === undefined
      ? []
      : [{ atMs: entry.atMs, text: `${rest.length + 1} calls at an hour at which there never were any` }],
  )
}

function single(entry: StoredEntry): Alert[] {
  const { kind, decision, atMs, server, scope, action, reason, keys } = entry
  const names = [server && `server ${server}`, scope && `auth scope ${scope}`].filter(Boolean).join(', ')
  const of = names === '' ? '' : ` (${names})`
  if (kind === 'leak') return [{ atMs, text: `${action}: the value of ${keys?.join(', ')}${of}` }]
  const isOpening = kind === 'start' || kind === 'secret' || kind === 'key'
  return isOpening && decision !== 'allowed' && !isSlip(reason)
    ? [{ atMs, text: `${action} ${decision}: ${reason ?? 'unknown'}${of}` }]
    : []
}

/** A mistyped name, or a file in the way, opens nothing. */
function isSlip(reason = ''): boolean {
  return reason.startsWith('CLI_') || SLIPS.has(reason)
}
