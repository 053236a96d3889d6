import type { AuditEntry, AuditLog } from '../audit/index.ts'
import { isMcplexerError } from '../base/index.ts'
import type { ClientDescription } from './downstream/caller.ts'
import type { LeakGuard } from './guard/leak-guard.ts'
import type { Route } from './route.ts'
import { sourceOf } from './wire/json-span.ts'
import { type RequestMessage, sourceBytes, textParam } from './wire/message.ts'

export interface RecordOptions {
  /** For digests of arguments. */
  readonly digestKey: Uint8Array
  /** Whether arguments are kept, without the values that are live. */
  readonly keepsArguments: boolean
}

/** Of longer arguments the digest covers the beginning and the length. */
const MAX_DIGESTED = 64 * 1024
const MAX_KEPT = 4096
const MAX_WAITING_BYTES = 16 * 1024

/** Puts the calls of one session on record. */
export class CallRecorder {
  readonly #audit: AuditLog
  readonly #guard: LeakGuard
  readonly #options: () => RecordOptions
  readonly #client: string
  readonly #session = crypto.randomUUID().slice(0, 8)

  constructor(audit: AuditLog, guard: LeakGuard, options: () => RecordOptions, client: ClientDescription) {
    this.#audit = audit
    this.#guard = guard
    this.#options = options
    this.#client = clientLabel(client)
  }

  /** Throws AUDIT_FAILED when what happens next could not be put on record. */
  check(): void {
    this.#audit.check()
  }

  /** `reply`: what goes to the client; null when it has called the request back. */
  done(
    request: RequestMessage,
    { server }: Route,
    startedMs: number,
    reply: Uint8Array | null,
    error?: unknown,
  ): void {
    const durationMs = Math.round((performance.now() - startedMs) * 100) / 100
    const bytesOut = reply?.length ?? 0
    const kept = this.#kept(request)
    const named = this.#nameOf(request)
    const client = this.#guard.withoutValues(this.#client)
    const make = (): AuditEntry => ({
      kind: 'call',
      action: request.method,
      decision: error === undefined ? 'allowed' : isRefusal(error) ? 'refused' : 'failed',
      client,
      session: this.#session,
      server: server.id,
      ...named,
      ...(server.authScope === null ? {} : { scope: server.authScope }),
      durationMs,
      bytesIn: request.bytes.length,
      bytesOut,
      ...this.#digestOf(request),
      ...kept,
      ...(error === undefined ? {} : { reason: isMcplexerError(error) ? error.code : 'unexpected' }),
    })
    // a long message is not kept for that
    if (request.bytes.length > MAX_WAITING_BYTES) this.#audit.record(make())
    else this.#audit.record(make)
  }

  #nameOf(request: RequestMessage): { name?: string } {
    const name = textParam(request, 'name') ?? textParam(request, 'uri')
    return name === null ? {} : { name: this.#guard.withoutValues(name) }
  }

  #digestOf(request: RequestMessage): { argumentsDigest?: string } {
    const span = request.params.get('arguments')
    if (span === undefined) return {}
    const bytes = sourceBytes(request.bytes, span)
    const digest = new Bun.CryptoHasher('sha256', this.#options().digestKey)
    digest.update(bytes.subarray(0, MAX_DIGESTED)).update(String(bytes.length))
    return { argumentsDigest: digest.digest('base64url').slice(0, 22) }
  }

  /** At once: the values that are to be taken out may not be live for long. */
  #kept(request: RequestMessage): { arguments?: string } {
    const span = request.params.get('arguments')
    if (span === undefined || !this.#options().keepsArguments) return {}
    const text = this.#guard.withoutValues(sourceOf(request.bytes, span))
    return { arguments: text.slice(0, MAX_KEPT) }
  }
}

/** `name/version`, as the app says itself. */
export function clientLabel({ clientInfo }: Pick<ClientDescription, 'clientInfo'>): string {
  const { name = 'unknown', version = '' } = JSON.parse(clientInfo)
  return `${String(name)}/${String(version)}`
}

function isRefusal(error: unknown): boolean {
  return isMcplexerError(error) && /^(CALL_LEAKS|AUDIT|SHIELD|LAUNCH|LOCK|PIN)/.test(error.code)
}
