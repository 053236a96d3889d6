import type { AuditLog } from '../audit/index.ts'
import { isMcplexerError } from '../base/index.ts'
import type { ClientDescription } from './downstream/caller.ts'
import type { LeakGuard } from './guard/leak-guard.ts'
import type { Route } from './route.ts'
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
    const name = textParam(request, 'name') ?? textParam(request, 'uri')
    this.#audit.record({
      kind: 'call',
      action: request.method,
      decision: error === undefined ? 'allowed' : isRefusal(error) ? 'refused' : 'failed',
      client: this.#client,
      session: this.#session,
      server: server.id,
      ...(name === null ? {} : { name }),
      ...(server.authScope === null ? {} : { scope: server.authScope }),
      durationMs: Math.round((performance.now() - startedMs) * 100) / 100,
      bytesIn: request.bytes.length,
      bytesOut: reply?.length ?? 0,
      ...this.#argumentsOf(request),
      ...(error === undefined ? {} : { reason: isMcplexerError(error) ? error.code : 'unexpected' }),
    })
  }

  #argumentsOf(request: RequestMessage): { argumentsDigest?: string; arguments?: string } {
    const span = request.params.get('arguments')
    if (span === undefined) return {}
    const bytes = sourceBytes(request.bytes, span)
    const { digestKey, keepsArguments } = this.#options()
    const digest = new Bun.CryptoHasher('sha256', digestKey)
    digest.update(bytes.subarray(0, MAX_DIGESTED)).update(String(bytes.length))
    const argumentsDigest = digest.digest('base64url').slice(0, 22)
    if (!keepsArguments) return { argumentsDigest }
    const text = this.#guard.text('the audit log', new TextDecoder().decode(bytes))
    return { argumentsDigest, arguments: text.slice(0, MAX_KEPT) }
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
