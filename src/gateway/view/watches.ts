import type { Server } from '../../config/index.ts'
import type { ServerLink } from '../downstream/link.ts'
import type { ClientDescription } from '../eras/client.ts'
import { type Edit, replaceWith } from '../wire/json-edit.ts'
import { type NotificationMessage, type ResponseMessage, textParam } from '../wire/message.ts'
import { listenTo, refused, type Subscription, subscribeTo } from './subscription.ts'
import { TOPICS, type Topic, topicKey } from './topic.ts'

/** What a server tells of a topic. */
export interface News {
  /** What has changed: a watched topic, or a part of a watched resource. */
  readonly topic: Topic
  /** The watched topics that it is of, each as `topicKey` gives it. */
  readonly watched: ReadonlySet<string>
  readonly notification: NotificationMessage
  /** What puts the topic as the client knows it into the notification. */
  readonly edits: readonly Edit[]
}

interface Watch {
  readonly topic: Topic
  /** The topic's name as the server knows it. */
  readonly key: string
  /** Of the request that has begun it, as the server gets them; JSON source. */
  readonly params: string
  /** Who asks twice is one of them, and ends it once. */
  readonly holders: Set<object>
  link: ServerLink
  subscription: Subscription
}

/** What a client wants to be told of. */
type Wish = Pick<Watch, 'topic' | 'key' | 'params'>

interface WatchEvents {
  onNews(news: News): void
  /** How the client knows a resource of the server. */
  publicUriOf(server: Server, key: string): string
}

/**
 * The topics that a client wants news of: a `subscriptions/listen` for each at a modern server; at a legacy one
 * `resources/subscribe`, and no task. A watched server is not idle, and one that has come back is subscribed to again.
 */
export class Watches {
  readonly #client: ClientDescription
  readonly #events: WatchEvents
  /** By what `topicKey` gives. */
  readonly #watches = new Map<string, Watch>()

  constructor(client: ClientDescription, events: WatchEvents) {
    this.#client = client
    this.#events = events
  }

  /** The server's reply, null when it gives none; with an error in it nothing is watched. Throws SERVER_ENDED. */
  async add(link: ServerLink, wish: Wish, holder: object): Promise<ResponseMessage | null> {
    const watch = this.#watches.get(topicKey(wish.topic)) ?? this.#begin(link, wish)
    watch.holders.add(holder)
    const { subscription } = watch
    try {
      const reply = await subscription.agreed
      if (isRefusal(reply)) this.#end(watch)
      return reply
    } catch (error) {
      // unless the server is back already
      if (watch.subscription === subscription) this.#end(watch)
      throw error
    }
  }

  remove(topic: Topic, holder: object): void {
    const watch = this.#watches.get(topicKey(topic))
    if (watch === undefined || !watch.holders.delete(holder)) return
    if (watch.holders.size === 0) this.#end(watch)
  }

  /** Whether anything of the server is watched. */
  has(serverId: string): boolean {
    return [...this.#watches.values()].some(({ link }) => link.server.id === serverId)
  }

  /** A legacy server tells everybody; it is passed on as what its client has subscribed to. */
  resourceUpdated({ server }: ServerLink, notification: NotificationMessage): void {
    const uri = textParam(notification, 'uri')
    if (uri === null) return
    const watches = [...this.#watches.values()].filter(
      ({ link, topic, key }) => topic.kind === 'resource' && link.server.id === server.id && isWithin(uri, key),
    )
    if (watches.length > 0) this.#tell(watches, server, uri, notification)
  }

  /** A server is there again: it has forgotten what it was asked. */
  renew(link: ServerLink): void {
    for (const watch of this.#watches.values()) {
      if (watch.link === link || watch.link.server.id !== link.server.id) continue
      watch.subscription.stop()
      watch.link = link
      watch.subscription = this.#subscribe(watch)
      void this.#keepIfAgreed(watch)
    }
  }

  /** The client has gone; the servers may go on for others. */
  close(): void {
    for (const watch of this.#watches.values()) this.#end(watch)
  }

  /** What the server refuses now is watched no more; one that has ended over it may come back. */
  async #keepIfAgreed(watch: Watch): Promise<void> {
    const { subscription } = watch
    const reply = await subscription.agreed.catch(() => null)
    if (isRefusal(reply) && watch.subscription === subscription) this.#end(watch)
  }

  /** At once, as news may come right behind the server's answer. */
  #begin(link: ServerLink, wish: Wish): Watch {
    const begun = { ...wish, holders: new Set<object>(), link }
    const watch = { ...begun, subscription: this.#subscribe(begun) }
    this.#watches.set(topicKey(wish.topic), watch)
    return watch
  }

  #subscribe({ link, topic, key, params }: Wish & Pick<Watch, 'link'>): Subscription {
    const { kind } = topic
    if (link.era === 'legacy') return kind === 'resource' ? subscribeTo(link, key, params) : refused(kind)
    const subscription = listenTo(link, kind, key, this.#client, {
      onNews: (notification) => {
        const name = textParam(notification, TOPICS[kind].param)
        // a resource has parts with names of their own; another task may be another server's
        const isOfIt = kind === 'resource' || name === key
        if (name !== null && isOfIt) this.#tell([{ topic, key }], link.server, name, notification)
      },
      onClosed: () => {
        const watch = this.#watches.get(topicKey(topic))
        if (watch?.subscription === subscription) this.#end(watch)
      },
    })
    return subscription
  }

  #tell(
    watches: readonly Pick<Watch, 'topic' | 'key'>[],
    server: Server,
    name: string,
    notification: NotificationMessage,
  ): void {
    const topic = watches.find(({ key }) => key === name)?.topic ?? {
      kind: 'resource',
      name: this.#events.publicUriOf(server, name),
    }
    const named = notification.params.get(TOPICS[topic.kind].param)
    const isRenamed = named !== undefined && topic.name !== name
    this.#events.onNews({
      topic,
      watched: new Set(watches.map((watch) => topicKey(watch.topic))),
      notification,
      edits: isRenamed ? [replaceWith(named, JSON.stringify(topic.name))] : [],
    })
  }

  #end(watch: Watch): void {
    const key = topicKey(watch.topic)
    if (this.#watches.get(key) !== watch) return
    this.#watches.delete(key)
    watch.subscription.stop()
  }
}

export function isRefusal(reply: ResponseMessage | null): boolean {
  return reply !== null && reply.error !== null
}

/** MCP 2025-11-25, "ResourceUpdatedNotification": it may be about a part of what was subscribed to. */
function isWithin(uri: string, watched: string): boolean {
  if (!uri.startsWith(watched)) return false
  return uri === watched || watched.endsWith('/') || /^[/?#]/.test(uri.slice(watched.length))
}
