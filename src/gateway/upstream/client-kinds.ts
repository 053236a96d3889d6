import { variantOf } from '../catalog/variant.ts'
import type { ClientDescription } from '../eras/client.ts'
import { type Envelope, MODERN_REVISION } from '../eras/modern.ts'
import { Listeners } from './listeners.ts'
import { Service, type ServiceDeps } from './service.ts'

/** Kinds of clients at once on one connection; each keeps servers of its own. */
const MAX_KINDS = 32
const NOBODY = '{"name":"unknown","version":"0"}'

/** Clients that can do the same. */
export interface ClientKind {
  readonly service: Service
  readonly listeners: Listeners
  /** In flight, open subscriptions among them. */
  requests: number
}

/** Clients of MCP 2026-07-28 by what they can do. Those who can do the same share servers. */
export class ClientKinds {
  readonly #deps: ServiceDeps
  /** By what `variantOf` says of them; the one used last stands last. */
  readonly #kinds = new Map<string, ClientKind>()

  constructor(deps: ServiceDeps) {
    this.#deps = deps
  }

  /** Null when there are too many, all of them with something open. */
  of(envelope: Envelope): ClientKind | null {
    const client: ClientDescription = {
      era: 'modern',
      revision: MODERN_REVISION,
      capabilities: envelope.capabilities ?? '{}',
      clientInfo: clientInfoOf(envelope),
    }
    const key = variantOf(client)
    const known = this.#kinds.get(key)
    if (known === undefined && !this.#makePlace()) return null
    const kind = known ?? this.#newKind(client)
    this.#kinds.delete(key)
    this.#kinds.set(key, kind)
    return kind
  }

  /** Tells every open subscription that it has ended. */
  closeListeners(): void {
    for (const { listeners } of this.#kinds.values()) listeners.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#kinds.values()].map(({ service }) => service.close()))
  }

  #newKind(client: ClientDescription): ClientKind {
    const listeners = new Listeners(() => service.view())
    const service = new Service(client, this.#deps, listeners)
    return { service, listeners, requests: 0 }
  }

  /** The kind that was used longest ago goes, unless it waits for something. */
  #makePlace(): boolean {
    if (this.#kinds.size < MAX_KINDS) return true
    const idle = [...this.#kinds].find(([, { requests }]) => requests === 0)
    if (idle === undefined) return false
    this.#kinds.delete(idle[0])
    void idle[1].service.close()
    return true
  }
}

export function clientInfoOf({ clientInfo }: Envelope): string {
  return clientInfo ?? NOBODY
}
