/**
 * Names that are read here. Some readers, Go's own among them, take a name for another one that differs only in case,
 * by the simple folding of Unicode (`ſ` is an `s`), and the last of both wins: they would read what nobody here has.
 */
export class KnownNames {
  readonly #names: ReadonlySet<string>
  readonly #folded: ReadonlySet<string>

  constructor(names: readonly string[]) {
    this.#names = new Set(names)
    this.#folded = new Set(names.map(folded))
  }

  /** Whether one of the names is not known here, and may be taken for one that is. */
  haveDouble(given: Iterable<string>): boolean {
    for (const name of given) if (!this.#names.has(name) && this.#folded.has(folded(name))) return true
    return false
  }
}

function folded(name: string): string {
  return name.toUpperCase().toLowerCase()
}
