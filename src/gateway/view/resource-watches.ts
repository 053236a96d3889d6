import type { ClientDescription } from '../downstream/caller.ts'
import type { ServerLink } from '../downstream/link.ts'
import { envelopeSource, LISTEN } from '../eras/modern.ts'
import type { NotificationMessage, ResponseMessage } from '../wire/message.ts'

type OnUpdated = (publicUri: string, notification: NotificationMessage) => void

interface Watch {
  /** The URI as the server knows it. */
  readonly key: string
  readonly serverId: string
  count: number
  link: ServerLink
  stop: () => void
}

/**
 * The resources that a client wants news of: `resources/subscribe` at a legacy server, a `subscriptions/listen` of
 * its own at a modern one. A watched server is not idle, and one that has come back is subscribed to again.
 */
export class ResourceWatches {
  readonly #client: ClientDescription
  readonly #onUpdated: OnUpdated
  readonly #watches = new Map<string, Watch>()

  constructor(client: ClientDescription, onUpdated: OnUpdated) {
    this.#client = client
    this.#onUpdated = onUpdated
  }

  /** Null when it is watched now, else the server's error. Throws SERVER_ENDED. */
  async add(link: ServerLink, key: string, publicUri: string): Promise<ResponseMessage | null> {
    const known = this.#watches.get(publicUri)
    if (known !== undefined) {
      known.count++
      return null
    }
    const begun = await this.#begin(link, key, publicUri)
    if ('error' in begun) return begun.error
    link.watched(1)
    this.#watches.set(publicUri, { key, serverId: link.server.id, count: 1, link, stop: begun.stop })
    return null
  }

  remove(publicUri: string): void {
    const watch = this.#watches.get(publicUri)
    if (watch === undefined || --watch.count > 0) return
    this.#watches.delete(publicUri)
    watch.link.watched(-1)
    watch.stop()
  }

  /** A legacy server tells everybody; it is passed on as what its client has subscribed to. */
  updated(serverId: string, key: string | null, notification: NotificationMessage): void {
    for (const [publicUri, watch] of this.#watches) {
      if (watch.serverId === serverId && watch.key === key) this.#onUpdated(publicUri, notification)
    }
  }

  /** A server is there again: it has forgotten what it was asked. */
  async renew(link: ServerLink): Promise<void> {
    for (const [publicUri, watch] of this.#watches) {
      if (watch.serverId !== link.server.id || watch.link === link) continue
      watch.link = link
      const begun = await this.#begin(link, watch.key, publicUri).catch(() => null)
      if (begun !== null && 'stop' in begun) watch.stop = begun.stop
      link.watched(1)
    }
  }

  #begin(
    link: ServerLink,
    key: string,
    publicUri: string,
  ): Promise<{ stop: () => void } | { error: ResponseMessage }> {
    return link.era === 'legacy' ? subscribe(link, key) : this.#listen(link, key, publicUri)
  }

  #listen(
    link: ServerLink,
    key: string,
    publicUri: string,
  ): Promise<{ stop: () => void } | { error: ResponseMessage }> {
    const filter = `{"resourceSubscriptions":[${JSON.stringify(key)}]}`
    const params = `{"_meta":{${envelopeSource(this.#client)}},"notifications":${filter}}`
    return new Promise((resolve, reject) => {
      const stop = link.connection.open(LISTEN, params, {
        onReply: (error) => resolve({ error }),
        onLost: (reason) => reject(reason ?? new Error('the server is gone')),
        onEvent: (notification) => {
          if (notification.method === 'notifications/resources/updated')
            this.#onUpdated(publicUri, notification)
          else resolve({ stop })
        },
      })
    })
  }
}

async function subscribe(
  link: ServerLink,
  key: string,
): Promise<{ stop: () => void } | { error: ResponseMessage }> {
  const params = JSON.stringify({ uri: key })
  const reply = await link.connection.request('resources/subscribe', params)
  if (reply.error !== null) return { error: reply }
  const stop = (): void => {
    link.connection.request('resources/unsubscribe', params).catch(() => undefined)
  }
  return { stop }
}
