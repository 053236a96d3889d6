import { kindsChangedBy, type ListKind } from '../catalog/kinds.ts'
import { type Question, refuseToAsk } from '../downstream/caller.ts'
import type { Flight } from '../downstream/flight.ts'
import type { ClientDescription } from '../eras/client.ts'
import { declaresExtension, META, TASKS_EXTENSION } from '../eras/modern.ts'
import { errorReply, missingExtension } from '../rpc-error.ts'
import type { ClientView, ViewHome } from '../view/client-view.ts'
import { TOPICS, type Topic, topicKey } from '../view/topic.ts'
import { isRefusal, type News } from '../view/watches.ts'
import { type Edit, insertion, replaceWith, splice } from '../wire/json-edit.ts'
import { isObject, sourceOf } from '../wire/json-span.ts'
import { encodeMessage, type NotificationMessage, type RequestMessage, readMessage } from '../wire/message.ts'
import type { Waiting } from '../wire/pending.ts'
import { RPC } from '../wire/rpc-codes.ts'
import { Latest } from './latest.ts'
import { filterJson, LIST_FIELDS, type ListenFilter, readFilter } from './listen-filter.ts'
import type { Outlet } from './outlet.ts'

interface Listener {
  /** JSON source of the id of its request. */
  readonly id: string
  readonly outlet: Outlet
  readonly news: Latest
  readonly lists: ListenFilter['lists']
  /** Each as `topicKey` gives it. */
  readonly topics: ReadonlySet<string>
}

/** The acknowledgement has to come first: until then there is no room for anything else. */
class Acknowledged implements Outlet {
  readonly #outlet: Outlet
  readonly #begun = Promise.withResolvers<void>()
  #hasBegun = false

  constructor(outlet: Outlet) {
    this.#outlet = outlet
  }

  begin(): void {
    this.#hasBegun = true
    this.#begun.resolve()
  }

  send(line: Uint8Array): void | Promise<void> {
    return this.#outlet.send(line)
  }

  room(): void | Promise<void> {
    return this.#hasBegun ? this.#outlet.room() : this.#begun.promise
  }

  end(): void {
    this.#outlet.end()
  }
}

/** The open `subscriptions/listen` of one kind of client. MCP 2026-07-28, "Subscriptions". */
export class Listeners implements ViewHome {
  readonly #view: () => Promise<ClientView>
  readonly #open = new Set<Listener>()

  constructor(view: () => Promise<ClientView>) {
    this.#view = view
  }

  /** Open until the flight is called back; then there is no reply. */
  async listen(
    request: RequestMessage,
    client: ClientDescription,
    flight: Flight,
    outlet: Outlet,
  ): Promise<Uint8Array | null> {
    const filter = readFilter(request)
    if (filter === null) return errorReply(request, RPC.invalidParams, 'params.notifications must be an object')
    const wantsTasks = filter.topics.some(({ kind }) => kind === 'task')
    if (wantsTasks && !declaresExtension(TASKS_EXTENSION, client.capabilities))
      return missingExtension(request, TASKS_EXTENSION)
    const called = new Promise<void>((resolve) => flight.whenCancelled(() => resolve()))
    const view = await this.#view()
    const acknowledged = new Acknowledged(outlet)
    const id = sourceOf(request.bytes, request.id)
    const news = new Latest(acknowledged)
    const listener = { id, outlet, news, lists: filter.lists, topics: new Set(filter.topics.map(topicKey)) }
    this.#open.add(listener)
    const topics = await watched(view, client, filter.topics, flight)
    if (!flight.isCancelled) {
      await outlet.send(acknowledgement(listener, topics))
      acknowledged.begin()
      await called
    }
    this.#open.delete(listener)
    for (const topic of topics) view.unwatch(topic, flight)
    return null
  }

  /** We end: every stream is told so. */
  close(): void {
    for (const { outlet, id } of this.#open) void outlet.send(closedReply(id))
    this.#open.clear()
  }

  listChanged(kinds: readonly ListKind[]): void {
    for (const listener of this.#open) {
      for (const field of listener.lists) {
        const method = LIST_FIELDS[field]
        if (kindsChangedBy(method).some((kind) => kinds.includes(kind)))
          listener.news.send(method, tagged({ method }, listener.id))
      }
    }
  }

  told({ topic, watched, notification, edits }: News): void {
    for (const listener of this.#open) {
      if (!listener.topics.isDisjointFrom(watched))
        listener.news.send(topicKey(topic), retagged(notification, edits, listener.id))
    }
  }

  /** A legacy server asks outside of any call: in this revision there is nobody to ask. */
  ask(_request: RequestMessage, waiting: Waiting): Question {
    return refuseToAsk(waiting, RPC.refused, 'no call is in flight')
  }

  /** What belongs to no request and no subscription is not for a client of this revision. */
  notify(): void {}

  /** Each stream keeps the last word for itself. */
  room(): void {}
}

/** Those that a server has agreed to tell about. */
async function watched(
  view: ClientView,
  client: ClientDescription,
  topics: readonly Topic[],
  holder: object,
): Promise<Topic[]> {
  const agreed = await Promise.all(
    topics.map(async (topic) => {
      const { request: method, param } = TOPICS[topic.kind]
      const asked = readMessage(encodeMessage({ id: 0, method, params: { [param]: topic.name } }))
      if (asked.kind !== 'request') return []
      const reply = await view.watch(topic.kind, asked, holder, client).catch(() => 'failed' as const)
      return typeof reply === 'string' || isRefusal(reply) ? [] : [topic]
    }),
  )
  return agreed.flat()
}

function acknowledgement({ id, lists }: Listener, topics: readonly Topic[]): Uint8Array {
  const notifications = filterJson({ lists, topics })
  return tagged({ method: 'notifications/subscriptions/acknowledged', params: { notifications } }, id)
}

function tagged(message: { method: string; params?: object }, id: string): Uint8Array {
  const encoded = readMessage(encodeMessage({ method: message.method, params: message.params ?? {} }))
  if (encoded.kind !== 'notification' || encoded.paramsSpan === null) throw new TypeError('not a notification')
  return splice(encoded.bytes, [insertion(encoded.bytes, encoded.paramsSpan, tagSource(id))])
}

/** The server's own words with the `edits` that they need, under the subscription of the client. */
function retagged(notification: NotificationMessage, edits: readonly Edit[], id: string): Uint8Array {
  const { bytes, params, paramsSpan } = notification
  const meta = params.get('_meta')
  if (paramsSpan === null) return bytes
  const tag = notification.meta.get(META.subscriptionId)
  if (tag !== undefined) return splice(bytes, [...edits, replaceWith(tag, id)])
  const added = isObject(bytes, meta)
    ? insertion(bytes, meta, `"${META.subscriptionId}":${id}`)
    : insertion(bytes, paramsSpan, tagSource(id))
  return splice(bytes, [...edits, added])
}

function tagSource(id: string): string {
  return `"_meta":{"${META.subscriptionId}":${id}}`
}

/** "Graceful Closure": the reply to the request that has opened the stream. */
function closedReply(id: string): Uint8Array {
  return new TextEncoder().encode(
    `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete",${tagSource(id)}}}`,
  )
}
