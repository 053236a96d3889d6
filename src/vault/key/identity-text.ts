import { Secret } from '../../base/index.ts'
import { recipientOf } from '../cipher.ts'
import { VaultError } from '../vault-error.ts'

/**
 * The key file is a standard age identity file; `age -d -i` and `age-keygen -y` read it:
 *
 *     # mcplexer vault <id>                    whose it is; another line for each vault that shares it
 *     # created: 2026-11-21T10:00:00.000Z
 *     # public key: age1…
 *     AGE-SECRET-KEY-1…
 *     # mcplexer rotation of vault <id>        added by rotate-key, gone again with its identity
 *     # public key: age1…
 *     AGE-SECRET-KEY-1…
 */
export interface Identity {
  readonly recipient: string
  readonly secret: Secret
  /** Set when a rotation of that vault has added it. */
  readonly addedForVault: string | null
  /** Its line and its own comment lines, in bytes of the file. */
  readonly start: number
  readonly end: number
  /** From 1, of the identity itself. */
  readonly line: number
}

/** One that is in no file yet. */
export interface NewIdentity {
  readonly identity: string
  readonly recipient: string
}

/** What the text of a key file says. */
export interface IdentityText {
  readonly identities: readonly Identity[]
  /** Whose it is; of the user's own file none. */
  readonly vaultIds: ReadonlySet<string>
}

const IDENTITY = /^AGE-SECRET-KEY-(PQ-)?1[02-9AC-HJ-NP-Z]+$/
const OWN_COMMENT = /^# (public key: |created: |mcplexer rotation of vault )/
const VAULT_COMMENT = '# mcplexer vault '
const ROTATION_COMMENT = '# mcplexer rotation of vault '
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Throws VAULT_KEY_FILE_INVALID, which names the file at `path`. */
export async function readIdentities(path: string, bytes: Uint8Array): Promise<IdentityText> {
  const identities: Identity[] = []
  const vaultIds = new Set<string>()
  let ownFrom: number | null = null
  let addedForVault: string | null = null
  for (const { text, start, end, number } of linesOf(bytes)) {
    if (text.startsWith(VAULT_COMMENT)) vaultIds.add(text.slice(VAULT_COMMENT.length))
    if (OWN_COMMENT.test(text)) {
      ownFrom ??= start
      addedForVault = /^# mcplexer rotation of vault (.+)$/.exec(text)?.[1] ?? addedForVault
      continue
    }
    if (text !== '' && !text.startsWith('#')) {
      const recipient = IDENTITY.test(text) ? await recipientOf(text).catch(() => null) : null
      if (recipient === null) throw invalidFile(path, `has no valid age identity on line ${number}`)
      const secret = new Secret(encoder.encode(text))
      identities.push({ recipient, secret, addedForVault, start: ownFrom ?? start, end, line: number })
    }
    ownFrom = null
    addedForVault = null
  }
  if (identities.length === 0) throw invalidFile(path, 'holds no identity')
  return { identities, vaultIds }
}

export function countIdentities(bytes: Uint8Array): number {
  return [...linesOf(bytes)].filter(({ text }) => IDENTITY.test(text)).length
}

/** The whole text of a new file for one vault. */
export function newText(vaultId: string, { identity, recipient }: NewIdentity, now: Date): Uint8Array {
  const head = `${VAULT_COMMENT}${vaultId}\n# created: ${now.toISOString()}\n# public key: ${recipient}\n`
  return encoder.encode(`${head}${identity}\n`)
}

/** What stands on top for another vault. */
export function vaultLine(vaultId: string): Uint8Array {
  return encoder.encode(`${VAULT_COMMENT}${vaultId}\n`)
}

/** What a rotation adds to the end. */
export function rotationLines(vaultId: string, { identity, recipient }: NewIdentity): Uint8Array {
  return encoder.encode(`${ROTATION_COMMENT}${vaultId}\n# public key: ${recipient}\n${identity}\n`)
}

/** The lines of one identity without the one that says who has added it. */
export function withoutMark(block: Uint8Array): Uint8Array[] {
  return [...linesOf(block)].flatMap(({ text, start, end }) =>
    text.startsWith(ROTATION_COMMENT) ? [] : block.subarray(start, end),
  )
}

interface Line {
  /** Without line end, byte order mark and white space around it. */
  readonly text: string
  readonly start: number
  readonly end: number
  readonly number: number
}

function* linesOf(bytes: Uint8Array): Generator<Line> {
  let start = 0
  for (let number = 1; start < bytes.length; number++) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline === -1 ? bytes.length : newline + 1
    yield { text: decoder.decode(bytes.subarray(start, end)).trim(), start, end, number }
    start = end
  }
}

function invalidFile(path: string, reason: string): VaultError {
  return new VaultError('VAULT_KEY_FILE_INVALID', `the key file ${path} ${reason}`, {
    hint: `put it back from a backup; \`age-keygen -y '${path}'\` tells whether it is right`,
  })
}
