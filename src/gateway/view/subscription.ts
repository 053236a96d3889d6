import { endedError } from '../downstream/call-errors.ts'
import type { ServerLink } from '../downstream/link.ts'
import type { ClientDescription } from '../eras/client.ts'
import { envelopeSource, LISTEN } from '../eras/modern.ts'
import { errorResponse } from '../wire/error-response.ts'
import { elements, fieldsOf, isArray, isString, textOf } from '../wire/json-span.ts'
import type { NotificationMessage, ResponseMessage } from '../wire/message.ts'
import { RPC } from '../wire/rpc-codes.ts'
import { TOPICS, type TopicKind } from './topic.ts'

/** One topic that one server was asked to tell about. */
export interface Subscription {
  /** The server's reply; null when it tells without one. Rejects when the server goes away first. */
  readonly agreed: Promise<ResponseMessage | null>
  stop(): void
}

interface SubscriptionEvents {
  onNews(notification: NotificationMessage): void
  /** The server tells no more. MCP 2026-07-28, "Subscriptions: Graceful Closure". */
  onClosed(): void
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
  kind: TopicKind,
  key: string,
  client: ClientDescription,
  { onNews, onClosed }: SubscriptionEvents,
): Subscription {
  const { filter: field, news } = TOPICS[kind]
  const filter = `{"${field}":[${JSON.stringify(key)}]}`
  const params = `{"_meta":{${envelopeSource(client)}},"notifications":${filter}}`
  const { promise: agreed, resolve, reject } = Promise.withResolvers<ResponseMessage | null>()
  const cancel = link.connection.open(LISTEN, params, {
    onReply: (reply) => {
      resolve(reply.error === null ? notTold(kind) : reply)
      onClosed()
    },
    onLost: (reason) => reject(reason ?? endedError(link.server, link.connection.endReason)),
    onEvent: (notification) => {
      if (notification.method === news) onNews(notification)
      else resolve(isAcknowledged(notification, field, key) ? null : notTold(kind))
    },
  })
  link.watched(key, 1)
  const stop = (): void => {
    link.watched(key, -1)
    cancel()
  }
  return { agreed, stop }
}

/** Of what the server cannot tell about. */
export function refused(kind: TopicKind): Subscription {
  return { agreed: Promise.resolve(notTold(kind)), stop: () => undefined }
}

function isAcknowledged({ bytes, params }: NotificationMessage, field: string, key: string): boolean {
  const filter = params.get('notifications')
  const agreed = fieldsOf(bytes, filter)?.get(field)
  return (
    isArray(bytes, agreed) &&
    elements(bytes, agreed).some((name) => isString(bytes, name) && textOf(bytes, name) === key)
  )
}

function notTold(kind: TopicKind): ResponseMessage {
  return errorResponse(RPC.invalidParams, `the server does not tell about this ${kind}`)
}
