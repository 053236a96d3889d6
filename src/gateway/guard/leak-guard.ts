import { log } from '../../base/index.ts'
import { foreignValue, redact, redactText } from '../redact.ts'
import { LiveValues } from './live-values.ts'
import type { Matchers } from './search.ts'

const MAX_KNOWN = 1000
const MAX_KNOWN_CHARS = 200

/** What was found, by names only. */
export interface Finding {
  readonly server: string
  /** `taken out` of what a server said, `held back` with all of it, or `refused` on the way to it. */
  readonly action: 'taken out' | 'held back' | 'refused'
  /** `SCOPE/KEY`. */
  readonly labels: readonly string[]
}

/**
 * The one place where everything passes that a server says, and everything that is said to one. It takes out the
 * values that are injected in servers alive in this gateway: a guard against accidents and lazy injection, not
 * against a server that encrypts before it sends.
 *
 * To be read in this order: live-values.ts (which values) and forms.ts (their spellings), matcher.ts (finds them in
 * bytes), readings.ts (what else a text may say), search.ts (all of that for one text), ../redact.ts (for a message).
 */
export class LeakGuard {
  readonly #values = new LiveValues()
  readonly #onFinding: (finding: Finding) => void
  /** Names of tools and clients come again and again. */
  #known: { readonly matchers: Matchers | null; readonly clean: Set<string> } = {
    matchers: null,
    clean: new Set(),
  }

  constructor(onFinding: (finding: Finding) => void) {
    const warn = warnOnce()
    this.#onFinding = (finding) => {
      warn(finding)
      onFinding(finding)
    }
  }

  /** From the moment before a server gets these values until the function that is given back is called. */
  hold(scope: string, secrets: Readonly<Record<string, string>>): () => void {
    return this.#values.hold(scope, secrets)
  }

  /** A line of JSON from a server; null: it cannot go on at all. */
  fromServer(server: string, line: Uint8Array): Uint8Array | null {
    const { bytes, labels } = redact(line, this.#values)
    if (labels.length > 0)
      this.#onFinding({ server, labels, action: bytes === null ? 'held back' : 'taken out' })
    return bytes
  }

  /** For the record: nobody has said it to anybody, so it is no finding. */
  withoutValues(text: string): string {
    const matchers = this.#values.matchers()
    if (matchers === null) return text
    if (matchers !== this.#known.matchers) this.#known = { matchers, clean: new Set() }
    const { clean } = this.#known
    if (clean.has(text)) return text
    const redacted = redactText(text, this.#values).text
    if (redacted === text && text.length <= MAX_KNOWN_CHARS && clean.size < MAX_KNOWN) clean.add(text)
    return redacted
  }

  /** A line of its stderr. */
  text(server: string, text: string): string {
    const redacted = redactText(text, this.#values)
    if (redacted.labels.length > 0) this.#onFinding({ server, labels: redacted.labels, action: 'taken out' })
    return redacted.text
  }

  /** `SCOPE/KEY` of a live value that a server would be told and does not hold; null: it may be told. */
  toServer(server: string, scope: string | null, line: Uint8Array): string | null {
    const label = foreignValue(line, scope, this.#values)
    if (label !== null) this.#onFinding({ server, labels: [label], action: 'refused' })
    return label
  }
}

/** A server that says its token once says it again. */
function warnOnce(): (finding: Finding) => void {
  const said = new Set<string>()
  return ({ server, action, labels }) => {
    for (const label of labels) {
      const text = `${WORDING[action](server)} ${label}`
      if (!said.has(text)) log.warn(text)
      said.add(text)
    }
  }
}

const WORDING: Record<Finding['action'], (server: string) => string> = {
  'taken out': (server) => `taken out of what server ${server} said:`,
  'held back': (server) => `a message of server ${server} was held back, as it has the value of`,
  refused: (server) => `not sent to server ${server}, which does not hold it: the value of`,
}
