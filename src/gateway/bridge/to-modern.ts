import { log } from '../../base/index.ts'
import { cancelledError } from '../downstream/call-errors.ts'
import type { Caller, Question } from '../downstream/caller.ts'
import type { Forwarding } from '../downstream/connection.ts'
import type { Flight } from '../downstream/flight.ts'
import type { ServerLink } from '../downstream/link.ts'
import { canBeAsked, type InputRequest, readInputRequired } from '../eras/input-required.ts'
import { envelopeSource } from '../eras/modern.ts'
import { GatewayError } from '../gateway-error.ts'
import { type Edit, insertion, replaceWith } from '../wire/json-edit.ts'
import { fieldsOf, isObject, sourceOf, trimmed } from '../wire/json-span.ts'
import { type RequestMessage, type ResponseMessage, readMessage } from '../wire/message.ts'

/** A server that never has enough must not keep asking for ever. */
const MAX_ROUNDS = 64
const MAX_QUESTIONS = 64

/**
 * A legacy client's request to a modern server: the envelope is put in, and what the server answers to be asked is
 * asked, as the requests that this client knows; then the request is sent again with the answers.
 * MCP 2026-07-28, "Multi Round-Trip Requests".
 */
export async function callModern(
  link: ServerLink,
  request: RequestMessage,
  { edits, flight, caller }: Forwarding,
): Promise<ResponseMessage> {
  let answers = ''
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const envelope = envelopeSource(caller.client, caller.logLevel)
    const further = [...edits, ...withParams(request, envelope, answers)]
    const reply = await link.connection.forward(request, { edits: further, flight, caller })
    const wanted = readInputRequired(reply)
    if (wanted === null) return reply
    checkQuestions(link, wanted.requests, caller)
    answers = await answersTo(wanted.requests, caller, flight)
    if (wanted.requestState !== null) answers += `,"requestState":${wanted.requestState}`
  }
  throw new GatewayError('CALL_REFUSED', `server ${link.server.id} asked for more input ${MAX_ROUNDS} times`)
}

/** Members put into `params` and into its `_meta`, wherever these are missing too. */
function withParams({ bytes, params, paramsSpan }: RequestMessage, meta: string, more: string): Edit[] {
  if (paramsSpan === null) return [ofNoParams(bytes, `{"_meta":{${meta}}${more}}`)]
  const existing = params.get('_meta')
  if (!isObject(bytes, existing)) return [insertion(bytes, paramsSpan, `"_meta":{${meta}}${more}`)]
  const added = insertion(bytes, existing, meta)
  return more === '' ? [added] : [insertion(bytes, paramsSpan, more.slice(1)), added]
}

/** Puts `params` in, or in the place of what are none. */
function ofNoParams(bytes: Uint8Array, params: string): Edit {
  const given = fieldsOf(bytes, trimmed(bytes))?.get('params')
  return given === undefined
    ? insertion(bytes, trimmed(bytes), `"params":${params}`)
    : replaceWith(given, params)
}

/** Throws CALL_REFUSED: the client must not be asked what it has not declared, nor everything at once. */
function checkQuestions(link: ServerLink, requests: readonly InputRequest[], { client }: Caller): void {
  const refused = requests.find(({ method }) => !canBeAsked(method, client.capabilities))
  if (refused !== undefined)
    throw new GatewayError(
      'CALL_REFUSED',
      `server ${link.server.id} wants ${refused.method}, which the client has not`,
    )
  if (requests.length > MAX_QUESTIONS)
    throw new GatewayError('CALL_REFUSED', `server ${link.server.id} asks ${requests.length} things at once`)
}

/** When one is refused or the call is called back, the client need not answer the others. */
async function answersTo(requests: readonly InputRequest[], caller: Caller, flight: Flight): Promise<string> {
  const open = new Set<Question>()
  const calledBack = new Promise<never>((_, reject) => {
    flight.whenCancelled(() => reject(cancelledError()))
  })
  try {
    const answers = Promise.all(requests.map((request) => answerTo(request, caller, open)))
    return `,"inputResponses":{${(await Promise.race([answers, calledBack])).join(',')}}`
  } catch (error) {
    for (const question of open) question.cancel(null)
    throw error
  }
}

/** `"key":result`. Throws CALL_REFUSED with the client's words when it answers with an error. */
function answerTo({ key, method, params }: InputRequest, caller: Caller, open: Set<Question>): Promise<string> {
  const source = `{"jsonrpc":"2.0","id":0,"method":${JSON.stringify(method)},"params":${forLegacy(method, params)}}`
  const asking = readMessage(new TextEncoder().encode(source))
  if (asking.kind !== 'request') throw new TypeError('not a request')
  return new Promise((resolve, reject) => {
    const question = caller.ask(asking, {
      onReply: ({ bytes, result, error }) => {
        open.delete(question)
        if (result !== null) resolve(`${JSON.stringify(key)}:${sourceOf(bytes, result)}`)
        else reject(refused(method, error === null ? '{}' : sourceOf(bytes, error)))
      },
      onLost: (reason) => reject(reason ?? new GatewayError('CALL_CANCELLED', 'the client has gone')),
    })
    open.add(question)
  })
}

/** Legacy clients tell elicitations by URL apart by an id, which the newer revision dropped. */
function forLegacy(method: string, params: string): string {
  if (method !== 'elicitation/create') return params
  const { mode, elicitationId }: { mode?: unknown; elicitationId?: unknown } = JSON.parse(params)
  if (mode !== 'url' || elicitationId !== undefined) return params
  return params.replace('{', `{"elicitationId":"${crypto.randomUUID()}",`)
}

function refused(method: string, errorSource: string): GatewayError {
  const { message }: { message?: unknown } = JSON.parse(errorSource)
  log.debug(`the client refused ${method}`)
  return new GatewayError(
    'CALL_REFUSED',
    `the client refused ${method}: ${String(message ?? 'no reason given')}`,
  )
}
