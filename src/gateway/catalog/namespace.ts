import { digestOf } from '../../base/index.ts'
import type { ListKind } from './kinds.ts'
import { plainText } from './plain-text.ts'

const SEPARATOR = '__'
/** Clients allow 64 characters and put their own `mcp__mcplexer__` before. */
const MAX_PUBLIC_NAME = 49
const HASH_LENGTH = 8

/**
 * The name that clients see: `namespace__tool`. What is too long or has characters that some clients refuse is
 * cut and gets a hash of the full name, so the same tool has the same name for ever.
 */
export function publicName(namespace: string, tool: string): string {
  const full = namespace === '' ? tool : `${namespace}${SEPARATOR}${tool}`
  const safe = full.replace(/[^A-Za-z0-9_-]/g, '_')
  if (safe === full && full.length <= MAX_PUBLIC_NAME) return full
  const hash = digestOf(full).slice(0, HASH_LENGTH)
  return `${safe.slice(0, MAX_PUBLIC_NAME - HASH_LENGTH - 1)}_${hash}`
}

/** The parts of a public name whose tool is not listed yet. A namespace never holds a double underscore. */
export function splitPublicName(name: string): { namespace: string; tool: string } {
  const at = name.indexOf(SEPARATOR)
  return at === -1
    ? { namespace: '', tool: name }
    : { namespace: name.slice(0, at), tool: name.slice(at + SEPARATOR.length) }
}

/** A URI that several servers list is theirs only with their name before it; nobody gets the bare one. */
export function publicUri(namespace: string, uri: string): string {
  return `mcplexer:${namespace}:${uri}`
}

/** The namespace that a URI or template looks as if we had made it for; null when it does not look so. */
export function namespaceIn(uri: string): string | null {
  return /^mcplexer:([a-z0-9_-]*):/.exec(plainText(uri).toLowerCase())?.[1] ?? null
}

/** How an item of a list is called towards clients when no other server has the same. */
export function publicKey(kind: ListKind, namespace: string, key: string): string {
  return kind === 'tools' || kind === 'prompts' ? publicName(namespace, key) : plainText(key)
}
