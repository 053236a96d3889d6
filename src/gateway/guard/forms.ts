/** Characters lost at the front of base64 when 0, 1 or 2 unknown bytes stand before. */
const LOST_CHARACTERS = [0, 2, 3]
const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const JSON_LEVELS = 3
/** A short text under such a name is a secret; under another one it may be any word. */
const SECRET_NAME = /pass|secret|token|key|pwd|credential|auth/i

/**
 * Pure: how programs write a value down: as it is; percent and form encoding; base64 and hex; HTML; in quotes of shells
 * and SQL; and each of these within JSON, within JSON in JSON, and once more.
 */
export function formsOf(value: string): Set<string> {
  const plain = [value, ...percentForms(value), ...codesOf(value), ...htmlForms(value), ...quotedForms(value)]
  return new Set(plain.flatMap(withinJson))
}

/** Pure: base64 and base64url at any alignment, also of UTF-16 as PowerShell takes it, and hex. */
export function codesOf(value: string): Set<string> {
  const hex = Buffer.from(value).toString('hex')
  return new Set([
    ...base64Forms(Buffer.from(value)),
    ...base64Forms(Buffer.from(value, 'utf16le')),
    hex,
    hex.toUpperCase(),
  ])
}

/**
 * Pure: what of a value is a secret by itself: the lines of a private key, the texts of a JSON document, the
 * password of a URL.
 */
export function partsOf(value: string): string[] {
  const parts = [value.trim(), ...linesIn(value), ...textsIn(value), ...passwordIn(value)]
  return parts.filter((part) => part !== value && part !== '')
}

function withinJson(form: string): string[] {
  const levels = [form]
  for (let level = 1; level <= JSON_LEVELS; level++) levels.push(JSON.stringify(levels.at(-1)).slice(1, -1))
  return levels
}

function percentForms(value: string): string[] {
  const component = encodeURIComponent(value.toWellFormed())
  const strict = component.replace(/[!'()*]/g, (character) => percent(Buffer.from(character)))
  const all = percent(Buffer.from(value))
  // URLSearchParams, and Python's quote
  const forms = [strict.replaceAll('~', '%7E'), strict.replaceAll('%2F', '/')]
  const spaced = [component, strict, ...forms]
  const upper = [
    encodeURI(value.toWellFormed()),
    ...spaced,
    ...spaced.map((form) => form.replaceAll('%20', '+')),
    all,
  ]
  return [...upper, ...upper.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))]
}

function percent(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase().replace(/../g, '%$&')
}

function base64Forms(value: Uint8Array): string[] {
  return LOST_CHARACTERS.flatMap((lost, before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), value])
    const whole = Math.floor((bytes.length * 8) / 6)
    return [bytes.toString('base64').slice(lost, whole), bytes.toString('base64url').slice(lost, whole)]
  })
}

/** The value itself for one without quotes and other signs. */
function quotedForms(value: string): string[] {
  return [
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", `'"'"'`),
    value.replaceAll("'", "''"),
    value.replaceAll('"', '""'),
    value.replace(/['\\]/g, '\\$&'),
    value.replace(/['"\\]/g, '\\$&'),
    value.replace(/["$`\\]/g, '\\$&'),
    // what bash makes of it for %q, and Ruby and Perl
    value.replace(/[ !"$&'()*,;<>?[\\\]^`{|}]/g, '\\$&'),
    value.replace(/[^A-Za-z0-9_.,:+/@\x80-\u{10ffff}-]/gu, '\\$&'),
    value.replace(/[^A-Za-z0-9_\x80-\u{10ffff}]/gu, '\\$&'),
    // Markdown, and .properties
    value.replace(/[\\`*_[\]]/g, '\\$&'),
    value.replace(/[\\`*_{}[\]()#+\-.!|~<>=]/g, '\\$&'),
    value.replace(/[\\:=#! ]/g, '\\$&'),
  ]
}

function htmlForms(value: string): string[] {
  const named = value.replace(/[&<>"]/g, (character) => NAMED[character] ?? character)
  const quotes = ['&#39;', '&#039;', '&#x27;', '&apos;'].map((quote) => named.replaceAll("'", quote))
  const go = quotes.map((form) => form.replaceAll('&quot;', '&#34;'))
  const plus = go.map((form) => form.replaceAll('+', '&#43;'))
  const numeric = (write: (code: number) => string, which: RegExp) =>
    value.replace(which, (character) => write(character.codePointAt(0) ?? 0))
  const writers = [
    (code: number) => `&#${code};`,
    (code: number) => `&#x${code.toString(16)};`,
    (code: number) => `&#x${code.toString(16).toUpperCase()};`,
  ]
  const some = writers.flatMap((write) => [
    numeric(write, /./gsu),
    numeric(write, /[&<>"']/g),
    numeric(write, /[&<>"']|[^\0-\x7f]/gu),
  ])
  // Handlebars, OWASP, Mustache
  const cautious = quotes.flatMap((form) => {
    const equals = form.replaceAll('`', '&#x60;').replaceAll('=', '&#x3D;')
    return [equals, form.replaceAll('/', '&#x2F;'), equals.replaceAll('/', '&#x2F;')]
  })
  return [...quotes, ...go, ...plus, ...cautious, ...some]
}

function linesIn(value: string): string[] {
  const lines = value.split(/\r?\n/)
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= 16 && !line.startsWith('-----'))
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
