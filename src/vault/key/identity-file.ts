import { dirname } from 'node:path'
import { createExclusively, ensurePrivateFolder, replaceAtomically } from '../../base/index.ts'
import { generateIdentity, macKeyOf, type Opener, openerOf, recipientOf } from '../cipher.ts'
import { VaultError } from '../vault-error.ts'
import { KeyAccess } from './access.ts'
import {
  countIdentities,
  type Identity,
  type IdentityText,
  type NewIdentity,
  newText,
  readIdentities,
  rotationLines,
  vaultLine,
  withoutMark,
} from './identity-text.ts'
import { writeKeyCopy } from './key-copy.ts'
import { MAX_KEY_FILE_BYTES, readPrivateFile } from './private-file.ts'
import { isWrapped, unwrapped, wrapped } from './wrap.ts'

/** A hybrid one with its comments. */
const MAX_IDENTITY_BYTES = 4096
const NEWLINE = 0x0a
const NO_ACCESS = new KeyAccess()
const decoder = new TextDecoder()

interface Content extends IdentityText {
  readonly bytes: Uint8Array
  readonly wrap: KeyAccess | null
}

/** Read at use and wiped after it, never cached. */
export class IdentityFile {
  readonly path: string
  readonly identities: readonly Identity[]
  readonly #bytes: Uint8Array
  readonly #vaultIds: ReadonlySet<string>
  /** By recipient, as they are made. */
  readonly #openers = new Map<string, Opener>()
  readonly #macKeys = new Map<string, Uint8Array>()
  /** What it is wrapped with again when it is written; null: it is not. */
  readonly #wrap: KeyAccess | null

  private constructor(path: string, { bytes, identities, vaultIds, wrap }: Content) {
    this.path = path
    this.#bytes = bytes
    this.identities = identities
    this.#vaultIds = vaultIds
    this.#wrap = wrap
  }

  /**
   * Null when there is no file. Throws VAULT_KEY_FILE_UNSAFE or VAULT_KEY_FILE_INVALID, and VAULT_KEY_PROTECTED or
   * VAULT_PASSPHRASE_WRONG when it is wrapped and `access` does not open it.
   */
  static async read(path: string, access: KeyAccess = NO_ACCESS): Promise<IdentityFile | null> {
    const text = await readText(path, access)
    return text === null ? null : IdentityFile.#parse(path, text.bytes, text.wrap)
  }

  /** How many identities there are, without a look at any; none when there is no file. Throws as `read`. */
  static async count(path: string, access: KeyAccess): Promise<number> {
    const text = await readText(path, access)
    const count = text === null ? 0 : countIdentities(text.bytes)
    text?.bytes.fill(0)
    return count
  }

  /** Creates the file for this vault with a new identity; one that exists stays as it is. */
  static async create(path: string, vaultId: string, now: Date): Promise<void> {
    const identity = await generateIdentity({ isPostQuantum: false })
    const recipient = await recipientOf(identity)
    const bytes = newText(vaultId, { identity, recipient }, now)
    ensurePrivateFolder(dirname(path))
    createExclusively(path, bytes)
    bytes.fill(0)
  }

  static async #parse(path: string, bytes: Uint8Array, wrap: KeyAccess | null): Promise<IdentityFile> {
    return new IdentityFile(path, { bytes, ...(await readIdentities(path, bytes)), wrap })
  }

  /** Throws VAULT_IDENTITY_MISSING. */
  identityFor(recipient: string): Identity {
    const found = this.identities.find((identity) => identity.recipient === recipient)
    if (found !== undefined) return found
    throw new VaultError(
      'VAULT_IDENTITY_MISSING',
      `the key file ${this.path} does not hold the identity of ${shortened(recipient)}, which sealed this vault`,
      { hint: `put the key file back from a backup, or set MCPLEXER_AGE_KEY to where it is` },
    )
  }

  has(recipient: string): boolean {
    return this.identities.some((identity) => identity.recipient === recipient)
  }

  /** Wiped with the file. */
  macKey(recipient: string): Uint8Array {
    const known = this.#macKeys.get(recipient)
    if (known !== undefined) return known
    const key = this.derived(recipient, macKeyOf)
    this.#macKeys.set(recipient, key)
    return key
  }

  derived(recipient: string, derive: (identity: string) => Uint8Array): Uint8Array {
    return derive(textOf(this.identityFor(recipient)))
  }

  open(recipient: string, sealed: Uint8Array): Promise<Uint8Array> {
    const opener = this.#openers.get(recipient) ?? openerOf([textOf(this.identityFor(recipient))])
    this.#openers.set(recipient, opener)
    return opener(sealed)
  }

  /** Whether no other vault, and no user by themselves, has a say in this file. */
  belongsOnlyTo(vaultId: string): boolean {
    return this.#vaultIds.size === 1 && this.#vaultIds.has(vaultId)
  }

  /** Whether it is the file of vaults, and not the user's own. */
  namesVaults(): boolean {
    return this.#vaultIds.size > 0
  }

  names(vaultId: string): boolean {
    return this.#vaultIds.has(vaultId)
  }

  /** Writes the file with a line for another vault on top; every other byte stays. */
  addVault(vaultId: string): Promise<IdentityFile> {
    if (!/^[0-9a-f-]{36}$/.test(vaultId)) throw new TypeError('not the id of a vault')
    return this.#rewrite([vaultLine(vaultId), this.#bytes])
  }

  /** Throws VAULT_KEY_FILE_FULL when no other identity fits in: it would not be read again. */
  checkRoom(): void {
    if (this.#bytes.length + MAX_IDENTITY_BYTES > MAX_KEY_FILE_BYTES) throw full(this.path)
  }

  /** Writes the file with another identity added; every other byte stays. Gives the file as it is then. */
  addIdentity(vaultId: string, added: NewIdentity): Promise<IdentityFile> {
    const isEnded = this.#bytes.at(-1) === NEWLINE
    const lineEnd = isEnded ? new Uint8Array(0) : new Uint8Array([NEWLINE])
    return this.#rewrite([this.#bytes, lineEnd, rotationLines(vaultId, added)])
  }

  /**
   * Writes the file without these identities and their comment lines, and with nothing that says of the `settled`
   * ones that a rotation has only just added them; every other byte stays.
   */
  async dropIdentities(recipients: ReadonlySet<string>, settled: ReadonlySet<string>): Promise<IdentityFile> {
    if (this.identities.every(({ recipient }) => recipients.has(recipient)))
      throw new TypeError('a key file keeps an identity')
    const kept: Uint8Array[] = []
    let from = 0
    for (const { recipient, start, end } of this.identities) {
      if (!recipients.has(recipient) && !settled.has(recipient)) continue
      kept.push(this.#bytes.subarray(from, start))
      if (settled.has(recipient)) kept.push(...withoutMark(this.#bytes.subarray(start, end)))
      from = end
    }
    return this.#rewrite([...kept, this.#bytes.subarray(from)])
  }

  /** Just these identities, as a file of their own that must not exist yet. Throws VAULT_BACKUP_EXISTS. */
  saveCopy(path: string, recipients: ReadonlySet<string>): void {
    const chosen = this.identities.filter(({ recipient }) => recipients.has(recipient))
    const bytes = Buffer.concat(chosen.map(({ start, end }) => this.#bytes.subarray(start, end)))
    try {
      writeKeyCopy(path, bytes)
    } finally {
      bytes.fill(0)
    }
  }

  /** The caller wipes it. */
  copyOfText(): Uint8Array {
    return new Uint8Array(this.#bytes)
  }

  wipe(): void {
    this.#bytes.fill(0)
    for (const { secret } of this.identities) secret.wipe()
    for (const key of this.#macKeys.values()) key.fill(0)
    this.#macKeys.clear()
    this.#openers.clear()
  }

  async #rewrite(parts: readonly Uint8Array[]): Promise<IdentityFile> {
    const bytes = Buffer.concat(parts)
    if (bytes.length > MAX_KEY_FILE_BYTES) throw full(this.path)
    replaceAtomically(this.path, this.#wrap === null ? bytes : await wrapped(bytes, this.#wrap))
    return IdentityFile.#parse(this.path, bytes, this.#wrap)
  }
}

async function readText(path: string, access: KeyAccess): Promise<Pick<Content, 'bytes' | 'wrap'> | null> {
  const bytes = readPrivateFile(path)
  if (bytes === null) return null
  return isWrapped(bytes)
    ? { bytes: await unwrapped(path, bytes, access), wrap: access }
    : { bytes, wrap: null }
}

/** age's library takes an identity as a string only. */
function textOf(identity: Identity): string {
  return decoder.decode(identity.secret.reveal())
}

/** Hybrid recipients have almost 2,000 characters. */
function shortened(recipient: string): string {
  return recipient.length > 70 ? `${recipient.slice(0, 24)}…${recipient.slice(-6)}` : recipient
}

function full(path: string): VaultError {
  return new VaultError('VAULT_KEY_FILE_FULL', `the key file ${path} has no room for another identity`, {
    hint: 'keep a copy of it, then delete the lines of identities that no vault uses any more',
  })
}
