import type { Person } from './person.ts'
import type { PluginKey } from './plugin/plugin-key.ts'

/** What has opened a wrapped key file, and wraps it again. */
export type KeyOpener =
  | { readonly passphrase: string }
  | { readonly plugin: PluginKey; readonly fileKey: Uint8Array }

/** The identities as text, which the caller wipes, and what has opened them. */
export interface OpenedKey {
  readonly inner: Uint8Array
  readonly opener: KeyOpener
}

/** From one process to another: a passphrase, or the file key of one version of the key file, as base64. */
export type KeyHandover = string | { readonly fileKey: string }

/** What a process has been given to open a wrapped key file with, and what it has opened. */
export class KeyAccess {
  /** Null: nobody is there to ask. */
  readonly person: Person | null
  readonly #opened = new Map<string, OpenedKey>()
  readonly #opening = new Map<string, Promise<void>>()
  readonly #passphrases: string[] = []
  readonly #fileKeys: Uint8Array[] = []
  #opener: KeyOpener | null = null
  #forgotten = 0

  constructor(person: Person | null = null) {
    this.person = person
  }

  /** To be tried; whether it fits is not known. */
  give(key: KeyHandover): void {
    if (typeof key === 'string') this.#passphrases.push(key)
    else this.#fileKeys.push(new Uint8Array(Buffer.from(key.fileKey, 'base64')))
    // whoever comes next need not wait for a plugin that waits for a person
    this.#opening.clear()
  }

  /** Those to be tried, the one that has opened a key file before in front. */
  get passphrases(): readonly string[] {
    const known = this.#opener !== null && 'passphrase' in this.#opener ? [this.#opener.passphrase] : []
    return [...known, ...this.#passphrases]
  }

  get fileKeys(): readonly Uint8Array[] {
    return this.#fileKeys
  }

  /** What has opened the key file that was read last; null: none was. */
  get opener(): KeyOpener | null {
    return this.#opener
  }

  /** For another process, to open the key file that was read last. */
  get handover(): KeyHandover | null {
    if (this.#opener === null) return null
    return 'passphrase' in this.#opener
      ? this.#opener.passphrase
      : { fileKey: Buffer.from(this.#opener.fileKey).toString('base64') }
  }

  /** A copy; null when the key file with this digest was not opened here. */
  recall(digest: string): Uint8Array | null {
    const known = this.#opened.get(digest)
    if (known === undefined) return null
    this.#opener = known.opener
    return known.inner.slice()
  }

  remember(digest: string, { inner, opener }: OpenedKey): void {
    // not `slice`, which of a Buffer is no copy
    this.#opened.set(digest, { inner: new Uint8Array(inner), opener })
    this.#opener = opener
    this.#passphrases.length = 0
    this.#fileKeys.length = 0
  }

  /** Opens, or waits for another call that is about to. Null when everything was forgotten meanwhile. */
  async openOnce(digest: string, open: () => Promise<OpenedKey>): Promise<Uint8Array | null> {
    const known = this.recall(digest)
    if (known !== null) return known
    let opening = this.#opening.get(digest)
    if (opening === undefined) {
      opening = this.#openAndRemember(digest, open)
      this.#opening.set(digest, opening)
    }
    try {
      await opening
    } finally {
      if (this.#opening.get(digest) === opening) this.#opening.delete(digest)
    }
    return this.recall(digest)
  }

  /** Everything that was given or opened is gone, and what is being opened will not be kept. */
  forget(): void {
    for (const { inner, opener } of this.#opened.values()) {
      inner.fill(0)
      if ('fileKey' in opener) opener.fileKey.fill(0)
    }
    for (const fileKey of this.#fileKeys) fileKey.fill(0)
    this.#opened.clear()
    this.#opening.clear()
    this.#passphrases.length = 0
    this.#fileKeys.length = 0
    this.#opener = null
    this.#forgotten++
  }

  async #openAndRemember(digest: string, open: () => Promise<OpenedKey>): Promise<void> {
    const before = this.#forgotten
    const opened = await open()
    if (before === this.#forgotten) this.remember(digest, opened)
    opened.inner.fill(0)
  }
}
