import type { Server } from '../../config/index.ts'
import type { ClientDescription, Era } from '../eras/client.ts'
import { isAtLeast } from '../eras/levels.ts'
import { envelopeSource, LISTEN } from '../eras/modern.ts'
import type { Offer } from '../eras/offer.ts'
import type { NotificationMessage } from '../wire/message.ts'
import type { Reachable } from './caller.ts'
import type { Connection } from './connection.ts'

export interface LinkListener extends Reachable {
  onNotification(notification: NotificationMessage, link: ServerLink): void | Promise<void>
  onEnded(link: ServerLink): void
  /** The server is there again without having been called. */
  onBack(link: ServerLink): void
}

/** A server that is ready, with those who use it: one session, or several that share it. */
export class ServerLink {
  readonly connection: Connection
  readonly offer: Offer
  readonly listeners = new Set<LinkListener>()
  #logLevel: string | null = null
  readonly #watched = new Map<string, number>()
  #isListening = false

  constructor(connection: Connection, offer: Offer) {
    this.connection = connection
    this.offer = offer
  }

  get server(): Server {
    return this.connection.server
  }

  get era(): Era {
    return this.offer.era
  }

  /** Whether the server has to stay although nobody calls: somebody waits for news of it. */
  get isWatched(): boolean {
    return this.#watched.size > 0
  }

  /** One more waits for news of a resource or a task, or one less; gives how many there are. */
  watched(key: string, by: 1 | -1): number {
    const count = (this.#watched.get(key) ?? 0) + by
    if (count > 0) this.#watched.set(key, count)
    else this.#watched.delete(key)
    return count
  }

  offers(capability: string): boolean {
    return Object.hasOwn(JSON.parse(this.offer.capabilities), capability)
  }

  /** Sees to it that a legacy server sends log messages from `level` on; it is never told to say less. */
  wantLogLevel(level: string): void {
    if (this.era !== 'legacy' || !this.offers('logging')) return
    if (this.#logLevel !== null && isAtLeast(level, this.#logLevel)) return
    this.#logLevel = level
    this.connection.request('logging/setLevel', JSON.stringify({ level })).catch(() => undefined)
  }

  /** A modern server tells of changed lists only who listens; we do once, for all who use it. */
  listenForChanges(client: ClientDescription): void {
    if (this.era !== 'modern' || this.#isListening) return
    this.#isListening = true
    const filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
    const params = `{"_meta":{${envelopeSource(client)}},"notifications":${JSON.stringify(filter)}}`
    this.connection.open(LISTEN, params, {
      onReply: () => undefined,
      onLost: () => undefined,
      onEvent: (notification) => {
        if (notification.method !== 'notifications/subscriptions/acknowledged')
          return this.notified(notification)
      },
    })
  }

  notified(notification: NotificationMessage): void | Promise<void> {
    const [only, ...others] = this.listeners
    if (others.length === 0) return only?.onNotification(notification, this)
    for (const listener of this.listeners) void listener.onNotification(notification, this)
  }

  /** Those who have used it stay known, to be told when it is back. */
  ended(): void {
    for (const listener of this.listeners) listener.onEnded(this)
  }

  back(fresh: ServerLink): void {
    for (const listener of this.listeners) listener.onBack(fresh)
  }
}
