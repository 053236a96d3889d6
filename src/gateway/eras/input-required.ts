import {
  elements,
  fieldsOf,
  isArray,
  isObject,
  isString,
  members,
  sourceOf,
  textOf,
} from '../wire/json-span.ts'
import type { ResponseMessage } from '../wire/message.ts'
import { RPC } from '../wire/rpc-codes.ts'

/** One request of a server to the client, inside of a result. `params` is JSON source. */
export interface InputRequest {
  readonly key: string
  readonly method: string
  readonly params: string
}

interface InputRequired {
  readonly requests: readonly InputRequest[]
  /** JSON source of a string, or null. */
  readonly requestState: string | null
}

/** Which capability a client must have declared for which question. MCP 2026-07-28, "Server Requirements". */
const NEEDED: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
}

/** `capabilities`: JSON source of the client's. */
export function canBeAsked(method: string, capabilities: string): boolean {
  const needed = NEEDED[method]
  return needed !== undefined && Object.hasOwn(JSON.parse(capabilities), needed)
}

/** Null for a result that is complete. MCP 2026-07-28, "Multi Round-Trip Requests: InputRequiredResult". */
export function readInputRequired({ bytes, result }: ResponseMessage): InputRequired | null {
  const fields = fieldsOf(bytes, result)
  if (fields === null) return null
  const type = fields.get('resultType')
  if (!isString(bytes, type) || textOf(bytes, type) !== 'input_required') return null
  const requests = fields.get('inputRequests')
  const state = fields.get('requestState')
  return {
    requests: isObject(bytes, requests)
      ? [...members(bytes, requests)].flatMap(([key, span]) => inputRequest(key, sourceOf(bytes, span)))
      : [],
    requestState: isString(bytes, state) ? sourceOf(bytes, state) : null,
  }
}

/** The elicitations of error -32042 (MCP 2025-11-25, "Elicitation: URL Elicitation Required Error"); else null. */
export function readUrlElicitations({ bytes, error }: ResponseMessage): readonly InputRequest[] | null {
  const fields = fieldsOf(bytes, error)
  const code = fields?.get('code')
  if (code === undefined || Number(sourceOf(bytes, code)) !== RPC.urlElicitationRequired) return null
  const elicitations = fieldsOf(bytes, fields?.get('data'))?.get('elicitations')
  if (!isArray(bytes, elicitations)) return null
  return elements(bytes, elicitations).map((span, index) => ({
    key: `elicitation-${index + 1}`,
    method: 'elicitation/create',
    params: sourceOf(bytes, span),
  }))
}

/** A result as JSON source. */
export function inputRequiredSource(requests: readonly InputRequest[], requestState: string | null): string {
  const entries = requests.map(
    ({ key, method, params }) =>
      `${JSON.stringify(key)}:{"method":${JSON.stringify(method)},"params":${params}}`,
  )
  const state = requestState === null ? '' : `,"requestState":${JSON.stringify(requestState)}`
  return `{"resultType":"input_required","inputRequests":{${entries.join(',')}}${state}}`
}

function inputRequest(key: string, source: string): InputRequest[] {
  const request: { method?: unknown } = JSON.parse(source)
  if (typeof request.method !== 'string') return []
  const bytes = new TextEncoder().encode(source)
  const params = members(bytes, { start: 0, end: bytes.length }).get('params')
  return [{ key, method: request.method, params: params === undefined ? '{}' : sourceOf(bytes, params) }]
}
