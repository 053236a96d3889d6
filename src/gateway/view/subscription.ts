import type { ServerLink } from '../downstream/link.ts'
import type { ClientDescription } from '../eras/client.ts'
import { envelopeSource, LISTEN } from '../eras/modern.ts'
import { errorResponse } from '../wire/error-response.ts'
import { elements, isArray, isObject, isString, members, textOf } from '../wire/json-span.ts'
import type { NotificationMessage, ResponseMessage } from '../wire/message.ts'
import { RPC } from '../wire/rpc-codes.ts'

/** One resource that one server was asked to tell about. */
export interface Subscription {
  /** The server's reply; null when it tells without one. Rejects when the server goes away first. */
  readonly agreed: Promise<ResponseMessage | null>
  stop(): void
}

/** A legacy server knows one subscription for all who share it: the last ends it. `params`: JSON source. */
export function subscribeTo(link: ServerLink, key: string, params: string): Subscription {
  let isRefused = false
  const ask = async (): Promise<ResponseMessage> => {
    const reply = await link.connection.request('resources/subscribe', params)
    isRefused = reply.error !== null
    return reply
  }
  link.watched(key, 1)
  return {
    agreed: ask(),
    stop: () => {
      if (link.watched(key, -1) > 0 || isRefused) return
      link.connection.request('resources/unsubscribe', JSON.stringify({ uri: key })).catch(() => undefined)
    },
  }
}

/** A modern server tells what it will do first. MCP 2026-07-28, "Subscriptions: Acknowledgment". */
export function listenTo(
  link: ServerLink,
  key: string,
  client: ClientDescription,
  onUpdated: (notification: NotificationMessage) => void,
): Subscription {
  const filter = `{"resourceSubscriptions":[${JSON.stringify(key)}]}`
  const params = `{"_meta":{${envelopeSource(client)}},"notifications":${filter}}`
  const { promise: agreed, resolve, reject } = Promise.withResolvers<ResponseMessage | null>()
  const cancel = link.connection.open(LISTEN, params, {
    onReply: (reply) => resolve(reply.error === null ? notTold() : reply),
    onLost: (reason) => reject(reason ?? new Error('the server is gone')),
    onEvent: (notification) => {
      if (notification.method === 'notifications/resources/updated') onUpdated(notification)
      else resolve(isAcknowledged(notification, key) ? null : notTold())
    },
  })
  link.watched(key, 1)
  const stop = (): void => {
    link.watched(key, -1)
    cancel()
  }
  return { agreed, stop }
}

function isAcknowledged({ bytes, params }: NotificationMessage, key: string): boolean {
  const filter = params.get('notifications')
  const uris = isObject(bytes, filter) ? members(bytes, filter).get('resourceSubscriptions') : undefined
  return (
    isArray(bytes, uris) &&
    elements(bytes, uris).some((uri) => isString(bytes, uri) && textOf(bytes, uri) === key)
  )
}

function notTold(): ResponseMessage {
  return errorResponse(RPC.invalidParams, 'the server does not tell about this resource')
}
