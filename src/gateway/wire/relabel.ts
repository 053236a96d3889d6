import { type Edit, replaceWith, splice } from './json-edit.ts'
import { sourceBytes } from './json-span.ts'
import {
  encodeMessage,
  type NotificationMessage,
  progressTokenOf,
  type RequestMessage,
  type ResponseMessage,
} from './message.ts'

/** The request as the next peer gets it: our id, our progress token when it asked for progress, further edits. */
export function relabelRequest(request: RequestMessage, id: number, edits: readonly Edit[] = []): Uint8Array {
  const own = [replaceWith(request.id, String(id)), ...edits]
  const token = progressTokenOf(request)
  if (token !== null) own.push(replaceWith(token, String(id)))
  return splice(request.bytes, own)
}

/** The response as the one who asked gets it: under the id of that request. */
export function restoreId(response: ResponseMessage, request: RequestMessage): Uint8Array {
  return splice(response.bytes, [replaceWith(response.id, sourceBytes(request.bytes, request.id))])
}

/** The progress as the one who asked gets it: under the token that was given. Null when none was asked for. */
export function restoreToken(notification: NotificationMessage, request: RequestMessage): Uint8Array | null {
  const ours = notification.params.get('progressToken')
  const theirs = progressTokenOf(request)
  if (ours === undefined || theirs === null) return null
  return splice(notification.bytes, [replaceWith(ours, sourceBytes(request.bytes, theirs))])
}

/** A `notifications/cancelled` under the id that the next peer knows. */
export function relabelCancellation(notification: NotificationMessage, id: number): Uint8Array {
  const requestId = notification.params.get('requestId')
  if (requestId === undefined) return notification.bytes
  return splice(notification.bytes, [replaceWith(requestId, String(id))])
}

/** A `notifications/cancelled` of our own. */
export function cancellation(id: number, reason: string): Uint8Array {
  return encodeMessage({ method: 'notifications/cancelled', params: { requestId: id, reason } })
}
