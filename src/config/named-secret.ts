import { isGuardable } from '../base/index.ts'

/** Names under which credentials are kept, in all spellings. */
const SECRET_NAME =
  /token|secret|passw(or)?d|passphrase|api_?-?key|access_?-?key|private_?-?key|credential|bearer|authorization|^auth$|[_-]auth$/i
/** Names that only speak of one: where it is, how long it lives, what it is called. */
const ABOUT_A_SECRET =
  /tokeniz|max[_-]?tokens|(file|path|dir|url|uri|endpoint|arn|name|header|prefix|type|ttl|limit|count|expir(y|es)|timeout|issuer|model|mode|algorithm|scopes?|version)$/i
/** Keys of our own that sound like it. */
const STRUCTURE = new Set(['auth_scope', 'auth_scopes'])

/**
 * A name and what stands between it and its value: `API_KEY=`, `"apiKey": "`, `X-Api-Key: `, `--token `, `?token=`,
 * `Authorization: Basic `. It does not swallow the value, which may hold the next name (`url=https://…?token=…`);
 * every part is bounded, so that a line of 1 MiB takes milliseconds.
 */
const NAMED =
  /(?<![\w:-])(?:(?<dashes>--?)|)(?<name>[A-Za-z][\w.-]{1,60})(?<quote>["']?)(?<between>\s{0,4}[:=]\s{0,4}|\s{1,4})(?=(?<rest>["'`]?(?:(?:basic|bearer|token)\s{1,4})?))/gi
const VALUE = /[^\s"'`,;&)\]]{0,512}/y

/** Characters: a short word of another script has many bytes. */
const MIN_LENGTH = 8
const encoder = new TextEncoder()

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !ABOUT_A_SECRET.test(name) && !STRUCTURE.has(name)
}

/** Whether the text holds `NAME=VALUE` or the like with a credential as its value. */
export function holdsNamedSecret(text: string): boolean {
  for (const match of text.matchAll(NAMED)) {
    const { dashes, name = '', between = '', rest = '' } = match.groups ?? {}
    // `token abc` is prose, `--token abc` is not
    if (dashes === undefined && between.trim() === '') continue
    if (!isSecretName(name)) continue
    VALUE.lastIndex = match.index + match[0].length + rest.length
    if (looksRandom(VALUE.exec(text)?.[0] ?? '')) return true
  }
  return false
}

/** Enough letters and digits in disorder, and no reference, placeholder, path, address or readable name. */
export function looksRandom(value: string): boolean {
  if (value.length < MIN_LENGTH || /\s/.test(value)) return false
  if (isReference(value) || isPlaceholder(value) || isAddress(value) || isReadable(value)) return false
  return isGuardable(encoder.encode(value))
}

function isReference(value: string): boolean {
  return /^(\$[A-Za-z_]\w*|%\w+%)$/.test(value) || /^\$\(|\$\{|\{\{|<[\w -]*>?/.test(value)
}

function isPlaceholder(value: string): boolean {
  return /^(x{3,}[\dx-]*|\*+|(your|change-?_?me|example|placeholder|dummy|insert|replace)([_.-].*)?)$/i.test(
    value,
  )
}

function isAddress(value: string): boolean {
  return /^([a-z][a-z0-9+.-]{0,20}:\/\/|arn:|[A-Za-z]:\\|(~|\.\.?)\/|\/[a-z][a-z0-9._-]*(\/|$))/.test(value)
}

/** `prod-db-password-1`, `classic_token_v2`: words and short numbers. A single one is readable without a number. */
function isReadable(value: string): boolean {
  const parts = value.split(/[._:/@-]/)
  const rule = parts.length > 1 ? /^([A-Z]?[a-z]{0,15}|[A-Z]{0,15})\d{0,4}$/ : /^([A-Z]?[a-z]+|[A-Z]+)$/
  return parts.every((part) => rule.test(part))
}
