import type { AuditLog } from '../audit/index.ts'
import { type ClientDescription, clientLabel } from './eras/client.ts'
import type { LeakGuard } from './guard/leak-guard.ts'
import type { Route } from './route.ts'
import { isObject, isString, members, sourceBytes, sourceOf, textOf } from './wire/json-span.ts'
import { type RequestMessage, textParam } from './wire/message.ts'

export interface RecordOptions {
  /** For digests of arguments. */
  readonly digestKey: Uint8Array
  /** Whether arguments are kept, without the values that are live. */
  readonly keepsArguments: boolean
}

/** Of longer arguments the digest covers the beginning and the length. */
const MAX_DIGESTED = 64 * 1024
const MAX_KEPT = 4096

/** Puts the calls of one session on record. */
export class CallRecorder {
  readonly #audit: AuditLog
  readonly #guard: LeakGuard
  readonly #options: () => RecordOptions
  readonly #client: ClientDescription
  readonly #label: string
  readonly #session: string

  constructor(
    audit: AuditLog,
    guard: LeakGuard,
    options: () => RecordOptions,
    client: ClientDescription,
    session = crypto.randomUUID().slice(0, 8),
  ) {
    this.#audit = audit
    this.#guard = guard
    this.#options = options
    this.#client = client
    this.#label = clientLabel(client)
    this.#session = session
  }

  /** Clients that can do the same share a session, and each has its own name. */
  of(client: ClientDescription): CallRecorder {
    if (client.clientInfo === this.#client.clientInfo) return this
    return new CallRecorder(this.#audit, this.#guard, this.#options, client, this.#session)
  }

  /** Throws AUDIT_FAILED when what happens next could not be put on record. */
  check(): void {
    this.#audit.check()
  }

  /** `reply`: what goes to the client; null when it has called the request back. */
  done(
    request: RequestMessage,
    { server }: Pick<Route, 'server'>,
    startedMs: number,
    reply: Uint8Array | null,
    error?: unknown,
  ): void {
    const entry = this.#entryOf(request, startedMs, reply, server)
    if (error === undefined) this.#audit.record({ ...entry, decision: 'allowed' })
    else this.#audit.recordNotDone(entry, error)
  }

  /** Of what no server has. `reply`: null when it is worded elsewhere. */
  unknown(request: RequestMessage, startedMs: number, reply: Uint8Array | null): void {
    const entry = this.#entryOf(request, startedMs, reply, null)
    this.#audit.record({ ...entry, decision: 'refused', reason: 'CALL_UNKNOWN' })
  }

  #entryOf(
    request: RequestMessage,
    startedMs: number,
    reply: Uint8Array | null,
    server: Route['server'] | null,
  ) {
    return {
      kind: 'call',
      action: request.method,
      client: this.#guard.withoutValues(this.#label),
      session: this.#session,
      server: server?.id,
      name: this.#nameOf(request),
      scope: server?.authScope ?? undefined,
      durationMs: Math.round((performance.now() - startedMs) * 100) / 100,
      bytesIn: request.bytes.length,
      bytesOut: reply?.length ?? 0,
      argumentsDigest: this.#digestOf(request),
      arguments: this.#kept(request),
    } as const
  }

  /** Not of a task: its id may be all that is needed to see it. SEP-2663, "Security Considerations". */
  #nameOf(request: RequestMessage): string | undefined {
    const name = textParam(request, 'name') ?? textParam(request, 'uri') ?? referredTo(request)
    return name === null ? undefined : this.#guard.withoutValues(name)
  }

  #digestOf(request: RequestMessage): string | undefined {
    const span = request.params.get('arguments')
    if (span === undefined) return undefined
    const bytes = sourceBytes(request.bytes, span)
    const digest = new Bun.CryptoHasher('sha256', this.#options().digestKey)
    digest.update(bytes.subarray(0, MAX_DIGESTED)).update(String(bytes.length))
    return digest.digest('base64url').slice(0, 22)
  }

  #kept(request: RequestMessage): string | undefined {
    const span = request.params.get('arguments')
    if (span === undefined || !this.#options().keepsArguments) return undefined
    return this.#guard.withoutValues(sourceOf(request.bytes, span)).slice(0, MAX_KEPT)
  }
}

/** What a completion is asked for: a prompt, or the URI of a template. */
function referredTo({ method, bytes, params }: RequestMessage): string | null {
  const reference = params.get('ref')
  if (method !== 'completion/complete' || !isObject(bytes, reference)) return null
  const fields = members(bytes, reference)
  const name = fields.get('name') ?? fields.get('uri')
  return isString(bytes, name) ? textOf(bytes, name) : null
}
