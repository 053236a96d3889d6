import { McplexerError } from '../../base/index.ts'
import {
  elements,
  isArray,
  isObject,
  isString,
  members,
  type Span,
  sourceOf,
  textOf,
  trimmed,
} from './json-span.ts'
import { KnownNames } from './known-names.ts'
import { onOneLine } from './one-line.ts'

/**
 * One JSON-RPC 2.0 message as it came, with the few places that routing reads or rewrites. All else is opaque
 * and stays as it came. MCP 2025-11-25, "Base Protocol: Messages".
 */
export type Message = RequestMessage | NotificationMessage | ResponseMessage

interface Incoming {
  readonly bytes: Uint8Array
  readonly method: string
  readonly params: ReadonlyMap<string, Span>
  /** Of the object that `params` are the members of; null when there is none. */
  readonly paramsSpan: Span | null
  /** The members of `params._meta`; none when it is not there. */
  readonly meta: ReadonlyMap<string, Span>
}

export interface RequestMessage extends Incoming {
  readonly kind: 'request'
  readonly id: Span
}

export interface NotificationMessage extends Incoming {
  readonly kind: 'notification'
}

export interface ResponseMessage {
  readonly kind: 'response'
  readonly bytes: Uint8Array
  readonly id: Span
  /** Exactly one of the two is there. */
  readonly result: Span | null
  readonly error: Span | null
}

const MAX_BATCH = 100
const NO_PARAMS: ReadonlyMap<string, Span> = new Map()
const MEMBERS = new KnownNames(['jsonrpc', 'id', 'method', 'params', 'result', 'error'])
const PARAMS = new KnownNames([
  '_meta',
  'name',
  'arguments',
  'uri',
  'ref',
  'taskId',
  'requestId',
  'progressToken',
  'requestState',
  'inputResponses',
])
const META = new KnownNames(['progressToken'])
/** Numbers that may be integers: `1.0`, `1e0`. */
const WRITTEN_OTHERWISE = /^[^"]*[.eE]/
const encoder = new TextEncoder()

/** Throws WIRE_INVALID_JSON or WIRE_INVALID_MESSAGE; neither quotes the message. */
export function readMessage(written: Uint8Array): Message {
  const message = readWritten(written)
  // read as it came, then kept on one line: positions are the same in both
  const bytes = onOneLine(written)
  return bytes === written ? message : { ...message, bytes }
}

function readWritten(bytes: Uint8Array): Message {
  const top = membersOf(MEMBERS, bytes, trimmed(bytes))
  const id = top.get('id')
  const method = top.get('method')
  if (method === undefined) return readResponse(bytes, top, id)
  if (!isString(bytes, method)) throw invalidMessage('its method is not a string')
  const given = top.get('params')
  const paramsSpan = isObject(bytes, given) ? given : null
  const params = readParams(bytes, given)
  const meta = readMeta(bytes, params)
  const incoming = { bytes, method: textOf(bytes, method), params, paramsSpan, meta }
  if (id === undefined) return { kind: 'notification', ...incoming }
  if (!isId(bytes, id)) throw invalidMessage('its id is neither a string nor a number')
  return { kind: 'request', id, ...incoming }
}

/**
 * The messages of a JSON-RPC batch (only MCP 2025-03-26 has them), or null when it is not an array. Throws
 * WIRE_INVALID_JSON when there are more than 100.
 */
export function splitBatch(bytes: Uint8Array): Uint8Array[] | null {
  const whole = trimmed(bytes)
  if (!isArray(bytes, whole)) return null
  return elements(bytes, whole, MAX_BATCH).map((span) => bytes.subarray(span.start, span.end))
}

/**
 * Equal for ids (or progress tokens) that mean the same, however a string is escaped or a number is written; big integers
 * stay exact.
 */
export function idKey(bytes: Uint8Array, span: Span): string {
  const source = sourceOf(bytes, span)
  if (source.includes('\\')) return JSON.stringify(JSON.parse(source))
  return WRITTEN_OTHERWISE.test(source) && Number.isSafeInteger(Number(source))
    ? String(Number(source))
    : source
}

/** Null when there is none: progress is asked for by a string or a number. */
export function progressTokenOf(message: Incoming): Span | null {
  const token = message.meta.get('progressToken')
  return token !== undefined && isId(message.bytes, token) ? token : null
}

/** The string parameter `name`, or null when it is absent or something else. */
export function textParam(message: Incoming, name: string): string | null {
  const span = message.params.get(name)
  return isString(message.bytes, span) ? textOf(message.bytes, span) : null
}

/** Not so of null and of an empty string, which many write for nothing. */
export function isGiven(message: Incoming, name: string): boolean {
  const span = message.params.get(name)
  return span !== undefined && !isNull(message.bytes, span) && textParam(message, name) !== ''
}

/** A message of our own; `json` is put in as it is. */
export function encodeMessage(json: object): Uint8Array {
  return encoder.encode(JSON.stringify({ jsonrpc: '2.0', ...json }))
}

/** An error of our own making under the id of the request. */
export function encodeError(
  request: RequestMessage,
  error: { code: number; message: string; data?: object },
): Uint8Array {
  const id = sourceOf(request.bytes, request.id)
  return encoder.encode(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`)
}

/** A result of our own making under the id at `id`, from the JSON text of the result. */
export function encodeResult(request: RequestMessage, resultSource: string | Uint8Array): Uint8Array {
  const head = encoder.encode(`{"jsonrpc":"2.0","id":${sourceOf(request.bytes, request.id)},"result":`)
  const result = typeof resultSource === 'string' ? encoder.encode(resultSource) : resultSource
  const line = new Uint8Array(head.length + result.length + 1)
  line.set(head)
  line.set(result, head.length)
  line[line.length - 1] = 0x7d
  return line
}

function membersOf(known: KnownNames, bytes: Uint8Array, span: Span): Map<string, Span> {
  const found = members(bytes, span)
  if (known.haveDouble(found.keys())) throw invalidMessage('a name is like one that MCP has, but for the case')
  return found
}

function readParams(bytes: Uint8Array, params: Span | undefined): ReadonlyMap<string, Span> {
  if (params === undefined || isArray(bytes, params) || isNull(bytes, params)) return NO_PARAMS
  if (!isObject(bytes, params)) throw invalidMessage('its params are not an object')
  return membersOf(PARAMS, bytes, params)
}

function readMeta(bytes: Uint8Array, params: ReadonlyMap<string, Span>): ReadonlyMap<string, Span> {
  const meta = params.get('_meta')
  return isObject(bytes, meta) ? membersOf(META, bytes, meta) : NO_PARAMS
}

function readResponse(bytes: Uint8Array, top: Map<string, Span>, id: Span | undefined): ResponseMessage {
  const [result, error] = outcomeIn(bytes, top.get('result') ?? null, top.get('error') ?? null)
  if (id === undefined || (result === null) === (error === null)) {
    throw invalidMessage('it is neither a request, a notification nor a response')
  }
  return { kind: 'response', bytes, id, result, error }
}

/** JSON-RPC 1.0 wants both, and one of them null; some still write so. */
function outcomeIn(bytes: Uint8Array, result: Span | null, error: Span | null): [Span | null, Span | null] {
  if (result === null || error === null) return [result, error]
  if (isNull(bytes, error)) return [result, null]
  return isNull(bytes, result) ? [null, error] : [result, error]
}

function isId(bytes: Uint8Array, span: Span): boolean {
  const first = bytes[span.start] ?? 0
  return first === 0x22 || first === 0x2d || (first >= 0x30 && first <= 0x39)
}

function isNull(bytes: Uint8Array, span: Span): boolean {
  return bytes[span.start] === 0x6e
}

function invalidMessage(reason: string): McplexerError {
  return new McplexerError('WIRE_INVALID_MESSAGE', `not a JSON-RPC message: ${reason}`)
}
