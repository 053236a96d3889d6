import { digestOf } from '../../base/index.ts'
import type { ClientDescription } from '../eras/client.ts'

/** Servers list different things for different revisions and client capabilities. */
export function variantOf(client: Pick<ClientDescription, 'revision' | 'capabilities'>): string {
  return digestOf(`${client.revision}\n${client.capabilities}`).slice(0, 32)
}
