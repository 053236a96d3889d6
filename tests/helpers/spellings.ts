const jsonText = (text: string) => JSON.stringify(text).slice(1, -1)
export const escapedWhole = (text: string) =>
  [...Array(text.length).keys()].map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
const percentWhole = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '%$&')

const form = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')
const hexOf = (text: string, mark: string) => Buffer.from(text).toString('hex').replace(/../g, `${mark}$&`)
const inLines = (text: string, columns: number, end: string) =>
  text.match(new RegExp(`(?:=..|.){1,${columns}}`, 'g'))?.join(end) ?? ''
const base64Within = (value: string) =>
  Buffer.from(`${'head'.repeat(10)}${value}${'tail'.repeat(10)}`).toString('base64')
const quotedPrintable = (value: string) =>
  [...Buffer.from(value)]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x3d
        ? String.fromCharCode(byte)
        : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')

const GO_HTML: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '+': '&#43;',
}

const MUSTACHE: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '/': '&#x2F;',
  '`': '&#x60;',
  '=': '&#x3D;',
}

const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const references = (value: string, which: RegExp, write: (code: number) => string) =>
  value.replace(which, (sign) => NAMED[sign] ?? write(sign.codePointAt(0) ?? 0))

/** Ways in which a program writes a value down, within text; what it gives is the text of a JSON string, unescaped. */
export const SPELLINGS: [string, (value: string) => string][] = [
  ['raw', (value) => value],
  ['within JSON', (value) => jsonText(value)],
  ['within JSON in JSON', (value) => jsonText(jsonText(value))],
  ['Markdown', (value) => value.replace(/[\\`*_[\]]/g, '\\$&')],
  ['MarkdownV2', (value) => value.replace(/[\\`*_{}[\]()#+\-.!|~<>=]/g, '\\$&')],
  ['.properties', (value) => value.replace(/[\\:=#! ]/g, '\\$&')],
  ['Mustache', (value) => value.replace(/[&<>"'/`=]/g, (sign) => MUSTACHE[sign] ?? '')],
  ['percent', (value) => encodeURIComponent(value)],
  ['percent, small', (value) => encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase())],
  ['percent, every byte', percentWhole],
  ['form', (value) => encodeURIComponent(value).replaceAll('%20', '+')],
  ['base64', (value) => Buffer.from(value).toString('base64')],
  ['base64 behind one byte', (value) => Buffer.from(`:${value}tail`).toString('base64')],
  ['base64 behind two bytes', (value) => Buffer.from(`a:${value}t`).toString('base64')],
  ['base64url', (value) => Buffer.from(value).toString('base64url')],
  ['base64url behind one byte', (value) => Buffer.from(`:${value}x`).toString('base64url')],
  ['hex', (value) => Buffer.from(value).toString('hex')],
  ['hex, large', (value) => Buffer.from(value).toString('hex').toUpperCase()],
  ['HTML', (value) => value.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`)],
  [
    'HTML, every character',
    (value) => [...value].map((each) => `&#x${each.codePointAt(0)?.toString(16)};`).join(''),
  ],
  ['HTML, in text', (value) => value.replace(/[&<>]/g, (sign) => NAMED[sign] ?? '')],
  [
    'HTML, .NET',
    (value) => references(value, /[&<>"'+`]|[^\0-\x7f]/gu, (code) => `&#x${code.toString(16).toUpperCase()};`),
  ],
  ['HTML, all signs', (value) => references(value, /[^A-Za-z0-9]/gu, (code) => `&#x${code.toString(16)};`)],
  ['HTML, with zeros', (value) => references(value, /\W/gu, (code) => `&#${String(code).padStart(4, '0')};`)],
  ['HTML, twice', (value) => references(value, /[&<>"']/g, () => '&#39;').replaceAll('&', '&amp;')],
  ['\\u escapes as text', escapedWhole],
  ['URLSearchParams', (value) => new URLSearchParams({ v: value }).toString().slice(2)],
  [
    'Python quote',
    (value) =>
      encodeURIComponent(value)
        .replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll('%2F', '/'),
  ],
  ['Go html', (value) => value.replace(/[&<>"'+]/g, (each) => GO_HTML[each] ?? each)],
  ['with unseen characters', (value) => [...value].join('\u200b')],
  ['PHP', (value) => jsonText(value).replaceAll('/', '\\/')],
  ['Python', (value) => jsonText(value).replace(/[^\0-\x7f]/g, escapedWhole)],
  ['percent twice', (value) => encodeURIComponent(encodeURIComponent(value))],
  ['form twice', (value) => form(form(value))],
  ['percent, every byte, three times', (value) => percentWhole(value).replaceAll('%', '%2525')],
  ['percent, here and there', (value) => encodeURIComponent(value).replace(/[a-f]/g, percentWhole)],
  ['base64 in lines of 64', (value) => inLines(base64Within(value), 64, '\n')],
  ['base64 in lines of 76', (value) => inLines(base64Within(value), 76, '\r\n')],
  ['base64 in lines, as text', (value) => jsonText(inLines(base64Within(value), 76, '\r\n'))],
  ['base64 in lines, set in', (value) => inLines(base64Within(value), 64, '\n    ')],
  ['base64 of UTF-16', (value) => Buffer.from(`$t='${value}'`, 'utf16le').toString('base64')],
  ['base64 of UTF-16 in lines', (value) => inLines(Buffer.from(value, 'utf16le').toString('base64'), 64, '\n')],
  ['hex in lines', (value) => inLines(Buffer.from(`${' '.repeat(40)}${value}`).toString('hex'), 60, '\n')],
  ['quoted-printable', quotedPrintable],
  ['quoted-printable, every byte', (value) => hexOf(value, '=').toUpperCase()],
  ['quoted-printable, soft line breaks', (value) => inLines(quotedPrintable(value), 12, '=\r\n')],
  ['quoted-printable, as text', (value) => jsonText(inLines(quotedPrintable(value), 12, '=\n'))],
  ['hex, blanks', (value) => hexOf(value, ' ').trim()],
  ['hex, colons, large', (value) => hexOf(value, ':').toUpperCase().slice(1)],
  ['hex, commas and 0x', (value) => hexOf(value, ', 0x').slice(2)],
  ['hex, \\x', (value) => hexOf(value, '\\x')],
  ['hex, \\x as text', (value) => jsonText(hexOf(value, '\\x'))],
  ['hex, \\x here and there', (value) => jsonText(value).replace(/[a-f/$=]/g, (each) => hexOf(each, '\\x'))],
  ['a list of bytes', (value) => JSON.stringify([...Buffer.from(value)])],
  ['a list of bytes with blanks', (value) => `[${[...Buffer.from(value)].join(', ')}]`],
  ['a list of bytes in lines', (value) => JSON.stringify([...Buffer.from(value)], null, 2)],
  ['what Buffer prints', (value) => jsonText(JSON.stringify({ a: Buffer.from(value) }))],
  ['in quotes of a shell', (value) => `'${value.replaceAll("'", "'\\''")}'`],
  ['in quotes of SQL', (value) => `'${value.replaceAll("'", "''")}'`],
  ['in double quotes of a shell', (value) => `"${value.replace(/["$`\\]/g, '\\$&')}"`],
  ["in $'…'", (value) => value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')],
  ['a regular expression', (value) => value.replace(/[\\.*+?^${}()|[\]/-]/g, '\\$&')],
  ['what Node prints', (value) => jsonText(value).replaceAll('\\"', '"')],
  ['in NFD', (value) => value.normalize('NFD')],
  ['with colours in between', (value) => [...value].join('\u001b[0;31m')],
]
