/** Characters lost at the front of base64 when 0, 1 or 2 unknown bytes stand before. */
const LOST_CHARACTERS = [0, 2, 3]
const JSON_LEVELS = 3
/** Two words that come together by chance are shorter. */
const LONG_CODE = /^[A-Za-z0-9+/_-]{32,}(?==*$)/
/** RFC 7468; what stands between may have become one line, for a variable. */
const KEY_BLOCK = /-----BEGIN [^-]+-----(?<code>.*?)-----END /gs
const BREAKS = /(?:\\r|\\n|[\r\n])+/
/** A short text under such a name is a secret; under another one it may be any word. */
const SECRET_NAME = /pass|secret|token|key|pwd|credential|auth/i

/**
 * Pure: how programs write a value down: as it is; with the `+` of form encoding; base64 and hex; in quotes of shells
 * and SQL; and each of these within JSON, within JSON in JSON, and once more. The readings know the others.
 */
export function formsOf(value: string): Set<string> {
  const quoted = [value, withoutBackslashes(value)].flatMap(quotedForms)
  const plain = [value, value.replaceAll(' ', '+'), ...codesOf(value), ...quoted]
  return new Set(plain.flatMap(withinJson))
}

/**
 * Pure: base64 and base64url at any alignment, also of UTF-16 as PowerShell takes it, and hex; a long value that looks
 * like one of these, as the body of a private key does.
 */
export function codesOf(value: string): Set<string> {
  const hex = Buffer.from(value).toString('hex')
  return new Set([
    ...base64Forms(Buffer.from(value)),
    ...base64Forms(Buffer.from(value, 'utf16le')),
    hex,
    hex.toUpperCase(),
    ...(LONG_CODE.exec(value) ?? []),
  ])
}

/**
 * Pure: what of a value is a secret by itself: the lines of a private key, the texts of a JSON document, the
 * password of a URL. And the value in the normal forms of Unicode, and without its own percent encoding.
 */
export function partsOf(value: string): string[] {
  const equal = [value.trim(), value.normalize('NFC'), value.normalize('NFD'), decoded(value)]
  const parts = [...equal, ...linesIn(value), ...textsIn(value), ...passwordIn(value)]
  return parts.filter((part) => part !== value && part !== '')
}

function withinJson(form: string): string[] {
  const levels = [form]
  for (let level = 1; level <= JSON_LEVELS; level++) levels.push(JSON.stringify(levels.at(-1)).slice(1, -1))
  return levels
}

function base64Forms(value: Uint8Array): string[] {
  return LOST_CHARACTERS.flatMap((lost, before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), value])
    const whole = Math.floor((bytes.length * 8) / 6)
    return [bytes.toString('base64').slice(lost, whole), bytes.toString('base64url').slice(lost, whole)]
  })
}

/** As `withinJson`, but for quotes, which stand as they are: in quotes of another kind, or undone in another way. */
function withOtherQuotes(value: string): string[] {
  const between = value.split('"').map(withinJson)
  return (between[0] ?? []).map((_, level) => between.map((levels) => levels[level]).join('"'))
}

/** As the reading of that name leaves it; behind the last backslash may stand a sign, too. */
function withoutBackslashes(value: string): string {
  return value.replace(/\\+(?=[ !#-.:-@[\]^_`{|}~]|$)/g, '')
}

/** The value itself for one without quotes. */
function quotedForms(value: string): string[] {
  return [
    ...withOtherQuotes(value),
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", `'"'"'`),
    value.replaceAll("'", "''"),
    value.replaceAll('"', '""'),
    // line breaks as they are
    value.replace(/["\\]/g, '\\$&'),
    value.replaceAll('\\', '\\\\'),
    value.replaceAll('"', '\\"'),
    // backslashes in front of these, too, which no reading undoes
    value.replace(/["\\\t\n\r]/g, '\\$&'),
    value.replace(/[\\\t\n\r]/g, '\\$&'),
  ]
}

function linesIn(value: string): string[] {
  const lines = value.split(BREAKS)
  const long = lines.filter((line) => line.length >= 16 && !line.startsWith('-----'))
  return [...(lines.length === 1 ? [] : long), ...codesIn(value)]
}

/** Of private keys, whole and in the lines that programs make of it. */
function codesIn(value: string): string[] {
  const codes = [...value.matchAll(KEY_BLOCK)].map(({ groups }) => groups?.['code'] ?? '')
  return codes
    .map((code) => code.replace(/\\[nr]|\s/g, ''))
    .flatMap((code) => [code, ...(code.match(/.{16,64}/g) ?? [])])
}

function textsIn(value: string): string[] {
  if (!/^\s*[{[]/.test(value)) return []
  try {
    const texts: string[] = []
    JSON.parse(value, (name, inner: unknown) => {
      const isLikely = typeof inner === 'string' && (inner.length >= 16 || SECRET_NAME.test(name))
      if (isLikely) texts.push(inner, ...linesIn(inner))
      return inner
    })
    return texts
  } catch {
    return []
  }
}

function passwordIn(value: string): string[] {
  const { password = '' } = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:(?<password>[^/\s@]+)@/i.exec(value)?.groups ?? {}
  return [password, decoded(password)].filter((each) => each.length >= 8)
}

function decoded(percentEncoded: string): string {
  try {
    return decodeURIComponent(percentEncoded)
  } catch {
    return percentEncoded
  }
}
