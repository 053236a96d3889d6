import type { ListKind } from '../catalog/kinds.ts'
import { type Question, refuseToAsk } from '../downstream/caller.ts'
import type { Flight } from '../downstream/flight.ts'
import type { ClientDescription } from '../eras/client.ts'
import { META } from '../eras/modern.ts'
import type { ClientView, ViewHome } from '../view/client-view.ts'
import { isRefusal, type Update } from '../view/resource-watches.ts'
import { insertion, replaceWith, splice } from '../wire/json-edit.ts'
import { elements, isArray, isObject, isString, members, sourceOf, textOf } from '../wire/json-span.ts'
import { encodeMessage, type NotificationMessage, type RequestMessage, readMessage } from '../wire/message.ts'
import type { Waiting } from '../wire/pending.ts'
import { RPC } from '../wire/rpc-codes.ts'
import { Latest } from './latest.ts'
import type { Outlet } from './outlet.ts'
import { errorReply } from './rpc-error.ts'

/** Which field of the filter is about which list, and what the client is told then. */
const FIELDS = {
  toolsListChanged: { kinds: ['tools'], method: 'notifications/tools/list_changed' },
  promptsListChanged: { kinds: ['prompts'], method: 'notifications/prompts/list_changed' },
  resourcesListChanged: { kinds: ['resources', 'templates'], method: 'notifications/resources/list_changed' },
} as const
type Field = keyof typeof FIELDS

interface Listener {
  /** JSON source of the id of its request. */
  readonly id: string
  readonly outlet: Outlet
  readonly news: Latest
  readonly fields: readonly Field[]
  readonly uris: ReadonlySet<string>
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
    const filter = filterOf(request)
    if (filter === null) return errorReply(request, RPC.invalidParams, 'params.notifications must be an object')
    const called = new Promise<void>((resolve) => flight.whenCancelled(() => resolve()))
    const view = await this.#view()
    const acknowledged = new Acknowledged(outlet)
    const id = sourceOf(request.bytes, request.id)
    const news = new Latest(acknowledged)
    const listener = { id, outlet, news, fields: filter.fields, uris: new Set(filter.uris) }
    this.#open.add(listener)
    const uris = await watched(view, client, filter.uris, flight)
    if (!flight.isCancelled) {
      await outlet.send(acknowledgement(listener, uris))
      acknowledged.begin()
      await called
    }
    this.#open.delete(listener)
    for (const uri of uris) view.unwatch(uri, flight)
    return null
  }

  /** We end: every stream is told so. */
  close(): void {
    for (const { outlet, id } of this.#open) void outlet.send(closedReply(id))
    this.#open.clear()
  }

  listChanged(kinds: readonly ListKind[]): void {
    for (const listener of this.#open) {
      for (const field of listener.fields) {
        const { kinds: about, method } = FIELDS[field]
        if (about.some((kind) => kinds.includes(kind)))
          listener.news.send(method, tagged({ method }, listener.id))
      }
    }
  }

  resourceUpdated({ watchedUris, publicUri, notification }: Update): void {
    for (const listener of this.#open) {
      if (!listener.uris.isDisjointFrom(watchedUris))
        listener.news.send(publicUri, retagged(notification, publicUri, listener.id))
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

function filterOf({ bytes, params }: RequestMessage): { fields: Field[]; uris: string[] } | null {
  const filter = params.get('notifications')
  if (!isObject(bytes, filter)) return null
  const given = members(bytes, filter)
  const isTrue = (name: string): boolean => {
    const span = given.get(name)
    return span !== undefined && sourceOf(bytes, span) === 'true'
  }
  const subscriptions = given.get('resourceSubscriptions')
  const uris = isArray(bytes, subscriptions) ? elements(bytes, subscriptions) : []
  return {
    fields: (Object.keys(FIELDS) as Field[]).filter(isTrue),
    uris: uris.flatMap((span) => (isString(bytes, span) ? textOf(bytes, span) : [])),
  }
}

/** Those that a server has agreed to tell about. */
async function watched(
  view: ClientView,
  client: ClientDescription,
  uris: readonly string[],
  holder: object,
): Promise<string[]> {
  const agreed = await Promise.all(
    uris.map(async (uri) => {
      const asked = readMessage(encodeMessage({ id: 0, method: 'resources/subscribe', params: { uri } }))
      if (asked.kind !== 'request') return []
      const reply = await view.watch(asked, holder, client).catch(() => 'failed' as const)
      return typeof reply === 'string' || isRefusal(reply) ? [] : [uri]
    }),
  )
  return agreed.flat()
}

function acknowledgement({ id, fields }: Listener, uris: readonly string[]): Uint8Array {
  const filter = Object.fromEntries(fields.map((field) => [field, true]))
  const notifications = uris.length === 0 ? filter : { ...filter, resourceSubscriptions: uris }
  return tagged({ method: 'notifications/subscriptions/acknowledged', params: { notifications } }, id)
}

function tagged(message: { method: string; params?: object }, id: string): Uint8Array {
  const encoded = readMessage(encodeMessage({ method: message.method, params: message.params ?? {} }))
  if (encoded.kind !== 'notification' || encoded.paramsSpan === null) throw new TypeError('not a notification')
  return splice(encoded.bytes, [insertion(encoded.bytes, encoded.paramsSpan, tagSource(id))])
}

/** The server's own words about its own URI, under the name and the subscription of the client. */
function retagged(notification: NotificationMessage, publicUri: string, id: string): Uint8Array {
  const { bytes, params, paramsSpan } = notification
  const [uri, meta] = [params.get('uri'), params.get('_meta')]
  if (uri === undefined || paramsSpan === null) return bytes
  const renamed = replaceWith(uri, JSON.stringify(publicUri))
  const tag = notification.meta.get(META.subscriptionId)
  if (tag !== undefined) return splice(bytes, [renamed, replaceWith(tag, id)])
  const added = isObject(bytes, meta)
    ? insertion(bytes, meta, `"${META.subscriptionId}":${id}`)
    : insertion(bytes, paramsSpan, tagSource(id))
  return splice(bytes, [renamed, added])
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
