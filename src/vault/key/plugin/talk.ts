import { base64nopad } from '@scure/base'
import { log, type Secret } from '../../../base/index.ts'
import type { Person } from '../person.ts'
import type { Stanza } from './stanza.ts'

const MAX_SHOWN = 500
const UNSEEN = /[\s\p{Cc}\p{Cf}]+/gu
const NOTHING = new Uint8Array(0)
const decoder = new TextDecoder()

/**
 * What a plugin says to a person, and the answers (C2SP age-plugin.md, phase 2 of both state machines). Its words are
 * for people only: they are in no error, so they reach neither the record nor a client.
 */
export class PluginTalk {
  readonly #program: string
  readonly #person: Person | null
  readonly #given: Secret[] = []
  /** It asked, and nobody was there. */
  wasAlone = false
  hasFailed = false

  constructor(program: string, person: Person | null) {
    this.#program = program
    this.#person = person
  }

  /** Throws CLI_CANCELLED when the person gives up. */
  async answer({ args: [type, ...args], body }: Stanza): Promise<Stanza> {
    if (type === 'msg') return this.#show(log.info, body)
    if (type === 'error') {
      this.hasFailed = true
      return this.#show(log.warn, body)
    }
    if (type === 'request-secret') return this.#ask(async (person) => this.#secret(person, body))
    if (type === 'request-public')
      return this.#ask(async (person) =>
        reply('ok', new TextEncoder().encode(await person.askLine(this.#worded(body)))),
      )
    if (type === 'confirm' && (args.length === 1 || args.length === 2))
      return this.#ask(async (person) => this.#confirm(person, args, body))
    return reply('unsupported')
  }

  /** What was given to it is forgotten. */
  end(): void {
    for (const secret of this.#given) secret.wipe()
  }

  #show(print: (text: string) => void, body: Uint8Array): Stanza {
    print(this.#worded(body))
    return reply('ok')
  }

  async #ask(question: (person: Person) => Promise<Stanza>): Promise<Stanza> {
    if (this.#person !== null) return question(this.#person)
    this.wasAlone = true
    return reply('fail')
  }

  async #secret(person: Person, body: Uint8Array): Promise<Stanza> {
    const answer = await person.askSecret(this.#worded(body))
    this.#given.push(answer)
    return reply('ok', answer.reveal())
  }

  async #confirm(person: Person, args: readonly string[], body: Uint8Array): Promise<Stanza> {
    const [yes = 'yes', no = null] = args.map((arg) => this.#cleaned(base64nopad.decode(arg)))
    const isYes = await person.choose(this.#worded(body), yes, no)
    return { args: ['ok', isYes ? 'yes' : 'no'], body: NOTHING }
  }

  #worded(body: Uint8Array): string {
    return `${this.#program}: ${this.#cleaned(body)}`
  }

  /** In one line, nothing that a terminal would obey, and nothing that the person has typed hidden. */
  #cleaned(bytes: Uint8Array): string {
    const hidden = this.#given.map((secret) => decoder.decode(secret.reveal())).filter(Boolean)
    const text = hidden.reduce((shown, secret) => shown.replaceAll(secret, '…'), decoder.decode(bytes))
    return text.replace(UNSEEN, ' ').trim().slice(0, MAX_SHOWN)
  }
}

function reply(type: string, body: Uint8Array = NOTHING): Stanza {
  return { args: [type], body }
}
