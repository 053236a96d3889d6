import { isGuardable } from '../../base/index.ts'
import { codesOf, formsOf, partsOf } from './forms.ts'
import { type Hit, Matcher, type Pattern } from './matcher.ts'
import type { Matchers } from './search.ts'

/** A shorter value is looked for as a whole word only. */
const MIN_ANYWHERE = 12
const MIN_PATTERN_BYTES = 8
/** ASCII that JSON does not escape. */
const PLAIN = /^[ !#-[\]-~]*$/
/** `production`, `change_me`: such a value is likely to be a part of names. */
const IS_NAME = /^[A-Z]?[a-z_-]+$|^[A-Z_-]+$/
const encoder = new TextEncoder()

/** Who a value belongs to, for people: `github-token/GITHUB_TOKEN`. */
interface Owner {
  readonly scope: string
  readonly name: string
}

interface LiveValue {
  readonly value: string
  readonly owners: Owner[]
}

/** The values that are injected in servers alive in this gateway, and no others. */
export class LiveValues {
  readonly #values = new Map<string, LiveValue>()
  #order: LiveValue[] = []
  #patterns: Pattern[] = []
  #matchers: Matchers | null = null
  #isCurrent = true

  /** Holds the values of one server that starts; the function that is given back lets go of them, once. */
  hold(scope: string, values: Readonly<Record<string, string>>): () => void {
    const held = Object.entries(values).flatMap(([name, value]) =>
      [value, ...partsOf(value)]
        .filter((each) => isGuardable(encoder.encode(each)))
        .map((each) => ({ value: each, owner: { scope, name } })),
    )
    for (const { value, owner } of held) this.#add(value, owner)
    return () => {
      for (const { value, owner } of held.splice(0)) this.#remove(value, owner)
      if (!this.#isCurrent) this.#rebuild()
    }
  }

  /** Null: there is nothing to look for. */
  matchers(): Matchers | null {
    if (!this.#isCurrent) this.#rebuild()
    return this.#matchers
  }

  /** As it stands in the place of the value. */
  labelOf({ value }: Hit): string {
    const owner = this.#order[value]?.owners[0]
    return `${owner?.scope}/${owner?.name}`
  }

  belongsTo({ value }: Hit, scope: string | null): boolean {
    return this.#order[value]?.owners.some((owner) => owner.scope === scope) === true
  }

  #add(value: string, owner: Owner): void {
    const live = this.#values.get(value) ?? { value, owners: [] }
    live.owners.push(owner)
    this.#values.set(value, live)
    this.#isCurrent = false
  }

  #remove(value: string, owner: Owner): void {
    const live = this.#values.get(value)
    live?.owners.splice(live.owners.indexOf(owner), 1)
    if (live?.owners.length !== 0) return
    this.#values.delete(value)
    this.#isCurrent = false
  }

  /** The patterns are wiped; the strings they were made of are the collector's. */
  #rebuild(): void {
    for (const { bytes } of this.#patterns) bytes.fill(0)
    this.#order = [...this.#values.values()]
    const texts = this.#order.flatMap(({ value }, index) => patternsOf(value, formsOf(value), index))
    const codes = this.#order.flatMap(({ value }, index) => patternsOf(value, codesOf(value), index))
    this.#patterns = [...texts, ...codes]
    const isPlain = this.#order.every(({ value }) => PLAIN.test(value))
    this.#matchers =
      texts.length === 0 ? null : { text: new Matcher(texts), codes: new Matcher(codes), isPlain }
    this.#isCurrent = true
  }
}

function patternsOf(value: string, forms: Set<string>, index: number): Pattern[] {
  return [...forms]
    .map((form) => ({
      bytes: encoder.encode(form),
      value: index,
      isWord: form === value && form.length < MIN_ANYWHERE ? wordOf(value) : 'no',
    }))
    .filter(({ bytes }) => bytes.length >= MIN_PATTERN_BYTES)
}

function wordOf(value: string): Pattern['isWord'] {
  return IS_NAME.test(value) ? 'name' : 'letters'
}
