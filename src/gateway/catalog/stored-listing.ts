import { KINDS } from './kinds.ts'
import type { ServerListing } from './store.ts'

/**
 * What a database gives back as a listing; null when it is none. Its sources go into lines of the protocol as they
 * are, and anybody who can write the database can have written them.
 */
export function readListing(source: string): ServerListing | null {
  try {
    const listing = JSON.parse(source)
    const { offer, lists, ttlMs, withheld } = listing
    const isOffer = isEra(offer.era) && isObjectSource(offer.capabilities) && isText(offer.instructions)
    const isWhole =
      isOffer &&
      typeof ttlMs === 'number' &&
      withheld.every(isText) &&
      KINDS.every((kind) => isItems(lists[kind]))
    return isWhole ? listing : null
  } catch {
    return null
  }
}

/** Throws when it is no JSON. */
export function isObjectSource(source: unknown): boolean {
  if (typeof source !== 'string' || /[\n\r]/.test(source)) return false
  const value = JSON.parse(source)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isItems(items: unknown): boolean {
  return Array.isArray(items) && items.every(isObjectSource)
}

function isEra(era: unknown): boolean {
  return era === 'legacy' || era === 'modern'
}

function isText(text: unknown): boolean {
  return typeof text === 'string'
}
