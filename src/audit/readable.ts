import type { AuditRow } from '../store/index.ts'
import { decodeEntry, type StoredEntry } from './entry.ts'

const LATEST_MS = 8.64e15
const TEXTS = [
  'client',
  'session',
  'server',
  'name',
  'scope',
  'shield',
  'reason',
  'arguments',
  'argumentsDigest',
]
const NUMBERS = ['durationMs', 'bytesIn', 'bytesOut', 'generation']

/**
 * An entry as whoever shows it can rely on. One that we did not write may hold anything: it reads as `unreadable`, so
 * that it hides no other, and `audit verify` says where it is.
 */
export function readableEntry(row: AuditRow): StoredEntry {
  const entry = decodeEntry(row)
  return isReadable({ ...entry }) ? entry : decodeEntry({ seq: row.seq, body: '' })
}

function isReadable(entry: Record<string, unknown>): boolean {
  const { atMs, kind, action, decision, keys } = entry
  const isOptional = (name: string, type: string): boolean =>
    entry[name] === undefined || typeof entry[name] === type
  return (
    typeof atMs === 'number' &&
    Math.abs(atMs) <= LATEST_MS &&
    [kind, action, decision].every((text) => typeof text === 'string') &&
    TEXTS.every((name) => isOptional(name, 'string')) &&
    NUMBERS.every((name) => isOptional(name, 'number')) &&
    (keys === undefined || (Array.isArray(keys) && keys.every((key) => typeof key === 'string')))
  )
}
