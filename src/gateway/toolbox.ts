import { McplexerError, nearest, version } from '../base/index.ts'
import type { Catalog } from './catalog/catalog.ts'
import { splitPublicName } from './catalog/namespace.ts'
import { type Caller, type Reachable, refuseToAsk } from './downstream/caller.ts'
import { Flight } from './downstream/flight.ts'
import type { ClientDescription } from './eras/client.ts'
import { LATEST_LEGACY_REVISION } from './eras/legacy.ts'
import type { Gateway } from './gateway.ts'
import { GatewayError } from './gateway-error.ts'
import type { ClientView, ViewHome } from './view/client-view.ts'
import { isObject, members, sourceOf, trimmed } from './wire/json-span.ts'
import { encodeMessage, type RequestMessage, readMessage } from './wire/message.ts'
import { RPC } from './wire/rpc-codes.ts'

interface ListedTool {
  readonly name: string
  readonly server: string
  readonly description: string
}

interface ToolFailure {
  readonly server: string
  readonly message: string
  readonly hint?: string
}

/** The tools as a person at a terminal uses them: the same gateway, without a client app in front. */
export class Toolbox {
  readonly #gateway: Gateway
  readonly #view: ClientView

  private constructor(gateway: Gateway, view: ClientView) {
    this.#gateway = gateway
    this.#view = view
  }

  /** `folder`: for servers with `cwd: client`. */
  static async open(gateway: Gateway, folder: string): Promise<Toolbox> {
    return new Toolbox(gateway, await gateway.openView(TERMINAL, NOBODY, folder))
  }

  /** What is stored; servers that were never listed are started and waited for, all of them with `refresh`. */
  async list({ refresh }: { refresh: boolean }): Promise<{ tools: ListedTool[]; failures: ToolFailure[] }> {
    if (refresh) await this.#view.lists.refresh()
    else await this.#view.lists.refreshUnseen()
    const tools = [...this.#view.lists.catalog.all('tools')].map(({ publicKey, server, source }) => ({
      name: publicKey,
      server: server.id,
      description: descriptionOf(source),
    }))
    return {
      tools,
      failures: [...this.#view.lists.failures].map(([server, error]) => failureOf(server, error)),
    }
  }

  /**
   * `argumentsJson`: a JSON object. Gives the result as the server wrote it. Throws CALL_REFUSED with the server's
   * message when it answers with an error, CALL_CANCELLED when `signal` fires, and what kept us from asking it.
   */
  async call(
    name: string,
    argumentsJson: string,
    signal?: AbortSignal,
  ): Promise<{ resultJson: string; isError: boolean }> {
    const request = callRequest(name, argumentsJson)
    const flight = new Flight()
    const cancelled = new Promise<null>((resolve) => {
      signal?.addEventListener('abort', () => {
        flight.cancel(CANCELLED)
        resolve(null)
      })
    })
    const failures: unknown[] = []
    const reply = this.#view.call(request, CALLER, flight, (error) => failures.push(error))
    const line = await Promise.race([reply, cancelled])
    if (line === null) throw new GatewayError('CALL_CANCELLED', `the call of ${name} was cancelled`)
    if (failures.length > 0) throw failures[0]
    return this.#resultIn(line, name)
  }

  async close(): Promise<void> {
    await this.#gateway.close()
  }

  #resultIn(line: Uint8Array, name: string): { resultJson: string; isError: boolean } {
    const reply = readMessage(line)
    if (reply.kind !== 'response' || reply.result === null) throw refused(name, line, this.#view.lists.catalog)
    const resultJson = sourceOf(line, reply.result)
    return { resultJson, isError: JSON.parse(resultJson)?.isError === true }
  }
}

const TERMINAL: ClientDescription = {
  era: 'legacy',
  revision: LATEST_LEGACY_REVISION,
  capabilities: '{}',
  clientInfo: JSON.stringify({ name: 'mcplexer', version }),
}

/** Nobody sits at the other side of a question: the server is told so. */
const SILENT: Reachable = {
  ask: (_request, waiting) => refuseToAsk(waiting, RPC.methodNotFound, 'Method not found'),
  notify: () => undefined,
  room: () => undefined,
}
const CALLER: Caller = {
  ...SILENT,
  client: TERMINAL,
  logLevel: null,
  isOneOfMany: false,
  isAway: false,
  progress: () => undefined,
}
const NOBODY: ViewHome = { ...SILENT, listChanged: () => undefined, told: () => undefined }

const CANCELLED = notificationOf({ method: 'notifications/cancelled', params: { requestId: 1 } })

function notificationOf(json: object) {
  const message = readMessage(encodeMessage(json))
  if (message.kind !== 'notification') throw new TypeError('not a notification')
  return message
}

function callRequest(name: string, argumentsJson: string): RequestMessage {
  const source = new TextEncoder().encode(argumentsJson)
  let isAnObject = false
  try {
    const whole = trimmed(source)
    isAnObject = isObject(source, whole) && members(source, whole) !== null
  } catch {
    isAnObject = false
  }
  if (!isAnObject) {
    throw new GatewayError('CALL_ARGUMENTS_INVALID', 'the arguments are not a JSON object', {
      hint: `for example: mcplexer tools call ${name} '{"path": "/tmp"}'`,
    })
  }
  const head = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${JSON.stringify(name)},"arguments":`
  const message = readMessage(new TextEncoder().encode(`${head}${argumentsJson.trim()}}}`))
  if (message.kind !== 'request') throw new TypeError('not a request')
  return message
}

function refused(name: string, line: Uint8Array, catalog: Catalog): GatewayError {
  const { error } = JSON.parse(new TextDecoder().decode(line))
  const message = String(error?.message ?? 'answered with an error without a message')
  const isUnknown = error?.code === RPC.invalidParams && catalog.find('tools', name) === null
  return new GatewayError(
    'CALL_REFUSED',
    message.includes(name) ? message : `${name}: ${message}`,
    isUnknown
      ? {
          hint: meantTool(
            name,
            [...catalog.all('tools')].map(({ publicKey }) => publicKey),
          ),
        }
      : {},
  )
}

/** Also by the tool's own name, which is what the server's documentation calls it. */
function meantTool(typed: string, names: readonly string[]): string {
  const byOwnName = new Map(names.map((name) => [splitPublicName(name).tool, name]))
  const meant = nearest(typed, names) ?? byOwnName.get(nearest(typed, byOwnName.keys()) ?? '')
  const list = '`mcplexer tools list` shows the tools there are'
  return meant === undefined ? list : `did you mean ${meant}? ${list}`
}

function descriptionOf(source: string): string {
  const tool: unknown = JSON.parse(source)
  const isDescribed = typeof tool === 'object' && tool !== null && 'description' in tool
  return isDescribed && typeof tool.description === 'string' ? tool.description : ''
}

function failureOf(server: string, error: unknown): ToolFailure {
  if (!(error instanceof McplexerError)) return { server, message: 'an unexpected error' }
  return { server, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
}
