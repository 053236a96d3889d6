import { describe, expect, test } from 'bun:test'
import { LiveValues } from '../../../../src/gateway/guard/live-values.ts'
import { piece } from '../../../../src/gateway/guard/reading/reading.ts'
import { unescaped } from '../../../../src/gateway/guard/reading/unescape.ts'
import { withoutUnseen } from '../../../../src/gateway/guard/reading/unseen.ts'
import { redact, redactText } from '../../../../src/gateway/redact.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const TOKEN = 'token-abc-123'
const bytesOf = (text: string) => [...Buffer.from(text)]
const hexOf = (text: string) => Buffer.from(text).toString('hex')

function holding(secrets: Record<string, string>): LiveValues {
  const values = new LiveValues()
  values.hold('scope', secrets)
  return values
}

const values = holding({ TOKEN })
const masked = (text: string, live = values) => redactText(text, live).text

describe('the whole spelling is replaced, and nothing else', () => {
  test.each([
    ['a list of bytes', `[1,2,${bytesOf(TOKEN)},3]`, '[1,2,[redacted scope/TOKEN],3]'],
    ['hex with blanks', `of ${hexOf(TOKEN).replace(/..(?!$)/g, '$& ')} at`, 'of [redacted scope/TOKEN] at'],
    ['hex with \\x', `b'${hexOf(TOKEN).replace(/../g, '\\x$&')}'`, "b'[redacted scope/TOKEN]'"],
    ['hex with 0x', `{${hexOf(TOKEN).replace(/../g, '0x$&, ')}}`, '{[redacted scope/TOKEN], }'],
    ['percent, twice', `?a=%25${hexOf(TOKEN).replace(/..(?!$)/g, '$&%25')}&b`, '?a=[redacted scope/TOKEN]&b'],
    ['HTML', `&lt;i&gt;token&#45;abc&#x2D;12&#00051;&amp;`, '&lt;i&gt;[redacted scope/TOKEN]&amp;'],
    ['signs behind backslashes', 'a\\-b \\\\token\\-abc\\-123\\.', 'a\\-b \\\\[redacted scope/TOKEN]\\.'],
    ['quoted-printable', 'a=3D1 token=\n-abc-=31=\r\n23 =3D', 'a=3D1 [redacted scope/TOKEN] =3D'],
  ])('%s', (_name, text, expected) => {
    expect(masked(text)).toBe(expected)
  })

  test('base64 in lines: on both lines, and no more than holds a part of the value', () => {
    const text = Buffer.from(`${'x'.repeat(42)}${TOKEN}${'y'.repeat(42)}`)
      .toString('base64')
      .replace(/.{64}/g, '$&\n')

    const clean = masked(`begin\n${text}\nend`)

    expect(clean).toMatch(/^begin\n(eHh4){14}\[redacted scope\/TOKEN\].l5(eXl5)+\neQ==\nend$/)
  })
})

describe('a value of 8 to 11 characters is found', () => {
  const short = holding({ PIN: 'k9x-q2z7' })

  test.each([
    ['behind a colour', '\x1b[31mk9x-q2z7\x1b[0m', '\x1b[31m[redacted scope/PIN]\x1b[0m'],
    ['behind a colour of two numbers', '\x1b[0;1mk9x-q2z7', '\x1b[0;1m[redacted scope/PIN]'],
    ['between underscores', 'PIN_k9x-q2z7_END', 'PIN_[redacted scope/PIN]_END'],
    ['behind %3D', 'pin%3Dk9x-q2z7', 'pin%3D[redacted scope/PIN]'],
    ['behind \\x3d', 'pin\\x3dk9x-q2z7', 'pin\\x3d[redacted scope/PIN]'],
    ['behind =3D', 'pin=3Dk9x-q2z7', 'pin=3D[redacted scope/PIN]'],
  ])('%s', (_where, text, expected) => {
    const line = JSON.stringify({ result: text })

    expect(masked(text, short)).toBe(expected)
    expect(JSON.parse(decoder.decode(redact(encoder.encode(line), short).bytes ?? new Uint8Array()))).toEqual({
      result: expected,
    })
  })

  test('but not within a longer word, nor a word within a name', () => {
    const text = 'ak9x-q2z7 k9x-q2z71 is_production production_db'

    expect(masked(text, holding({ PIN: 'k9x-q2z7', STAGE: 'production' }))).toBe(text)
  })
})

test('a value that a terminal has wrapped is left alone: any two words could come together so', () => {
  const text = `${'x'.repeat(40)} token-\nabc-123`

  expect(masked(text)).toBe(text)
})

test.each([
  ['a list of bytes', { type: 'Buffer', data: bytesOf(TOKEN) }],
  ['base64 in lines', { blob: Buffer.from(TOKEN.repeat(9)).toString('base64').replace(/.{76}/g, '$&\r\n') }],
])('a message with the value as %s in its structure cannot go on', (_name, result) => {
  const { bytes, labels } = redact(encoder.encode(JSON.stringify({ id: 1, result })), values)

  expect(bytes).toBeNull()
  expect(labels).toEqual(['scope/TOKEN'])
})

test('escapes are undone as JSON.parse does, and each character is found where it stood', () => {
  const pieces = [
    'a',
    'é',
    '日',
    '😀',
    '\\n',
    '\\"',
    '\\\\',
    '\\/',
    '\\u0041',
    '\\u00e9',
    '\\u65e5',
    '\\ud83d\\ude00',
  ]
  for (let round = 0; round < 200; round++) {
    const chosen = Array.from({ length: 30 }, () => pieces[Math.floor(Math.random() * pieces.length)] ?? '')
    const source = encoder.encode(`"${chosen.join('')}"`)

    const reading = unescaped(piece(source, 1, source.length - 1)) ?? piece(source, 1, source.length - 1)

    expect(decoder.decode(reading.bytes)).toBe(JSON.parse(decoder.decode(source)))
    let [at, from] = [0, 1]
    for (const each of chosen) {
      const size = encoder.encode(JSON.parse(`"${each}"`)).length
      const span = { start: from, end: from + encoder.encode(each).length }
      expect({ each, span: reading.spanOf(at, at + size) }).toEqual({ each, span })
      at += size
      from = span.end
    }
  }
})

test('unseen are the characters of Cc and Cf, all of Unicode through, but for tab and line ends', () => {
  const isUnseen = /^(?![\n\r\t])[\p{Cc}\p{Cf}]$/u
  const wrong: string[] = []
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const character = String.fromCodePoint(code)
    const isLeftOut = withoutUnseen(piece(encoder.encode(character))) !== null
    if (isLeftOut !== isUnseen.test(character)) wrong.push(code.toString(16))
  }

  expect(wrong).toEqual([])
})

test('a value at the seam of two pieces of a long text is found, in any spelling', () => {
  for (const spelling of [TOKEN, bytesOf(TOKEN).join(', '), `%25${hexOf(TOKEN).replace(/..(?!$)/g, '$&%25')}`])
    for (const back of [0, 1, 7, 20, 60]) {
      const text = `${'. '.repeat(512 * 1024).slice(back)}${spelling} end`
      const line = JSON.stringify({ result: text })

      const { labels, bytes } = redact(encoder.encode(line), values)

      expect(labels).toEqual(['scope/TOKEN'])
      expect(JSON.parse(decoder.decode(bytes ?? new Uint8Array())).result).toEndWith(
        '. [redacted scope/TOKEN] end',
      )
    }
})

/** What makes a reader of the kind go back to where it was; each is a quarter of a MiB. */
test.each([
  '1,',
  '1,2,3,4,5,6,7 z',
  '67 ',
  '12345678-1234 ',
  `${'1234 '.repeat(1000)}1 2 3 4 5 z`,
  '\\x67',
  '0x',
  'x',
  '%',
  '&',
  '&;',
  '&#39;',
  '&amp;amp;amp;',
  '\\_',
  "\\\\'",
  '%25',
  '%2525',
  '=',
  '=3D',
  '=\n',
  '= ',
  '\n',
  '\\',
  '"',
  ' ',
  'QUJDREVG',
  `${'QUJD'.repeat(16)}\n`,
  'QUJDREVGQUJDREVG\n',
  'a\n',
  '\\n',
  '\u001b[1',
  '\u001b[',
  '\u200b',
  'a\u200b',
  '\\u0061',
  '\\\\\\n',
  'token-abc-12',
  'token-',
])('a quarter of a MiB of %j takes no time that grows with its square', (unit) => {
  const text = unit.repeat(Math.ceil((256 * 1024) / unit.length))
  const line = encoder.encode(JSON.stringify({ result: text }))

  const started = performance.now()
  expect(redact(line, values).bytes).toBe(line)
  expect(masked(text)).toBe(text)
  expect(performance.now() - started).toBeLessThan(1000)
})

test.each([
  ['small texts with escapes', '"\\u0041",'],
  ['small texts with a value in one', '"\\u0041","b",'],
])('a quarter of a MiB of %s takes no longer than one of a large one', (_name, unit) => {
  const items = unit.repeat(Math.ceil((256 * 1024) / unit.length))
  const line = encoder.encode(`{"result":[${items}"${TOKEN}"]}`)

  // the first time it is compiled, too
  const { bytes } = redact(line, values)
  const before = process.cpuUsage()
  redact(line, values)
  const { user, system } = process.cpuUsage(before)

  // of the processor, as the machine may have other work
  expect((user + system) / 1000).toBeLessThan(80)
  expect(decoder.decode(bytes ?? new Uint8Array()).endsWith('"[redacted scope/TOKEN]"]}')).toBe(true)
})

describe('a value with signs behind backslashes is found', () => {
  const quoted = (value: string) => value.replace(/[^A-Za-z0-9]/g, '\\$&')

  test.each([
    ['with a tab', 'word\tWord$3!'],
    ['with a line break', 'word\nWord$3!'],
    ['that ends with a backslash', 'word-Word$3\\'],
  ])('%s', (_what, value) => {
    const live = holding({ TOKEN: value })
    const { bytes } = redact(encoder.encode(JSON.stringify({ a: `is ${quoted(value)} and` })), live)

    expect(masked(`is ${quoted(value)} and`, live)).toMatch(/^is \[redacted scope\/TOKEN\]\\* and$/)
    expect(decoder.decode(bytes ?? new Uint8Array())).toMatch(/"is \[redacted scope\/TOKEN\]\\* and"/)
  })
})

test('a value of digits is looked for in long numbers without going back to their start', () => {
  const digits = holding({ PIN: '1234567890' })
  const text = '91234567890;'.repeat(20_000)

  const started = performance.now()
  expect(masked(text, digits)).toBe(text)

  expect(performance.now() - started).toBeLessThan(1000)
})

test('a secret of many lines is let go of at once', () => {
  const live = new LiveValues()
  const lines = Array.from({ length: 300 }, (_, n) => Bun.hash(`line ${n}`).toString(36).repeat(5))
  const letGo = live.hold('scope', { PEM: lines.join('\n'), TOKEN })

  const started = performance.now()
  letGo()

  expect(performance.now() - started).toBeLessThan(200)
  expect(masked(`x ${lines[7]} ${TOKEN}`, live)).toBe(`x ${lines[7]} ${TOKEN}`)
})

test('a value with half a character in it is held like any other', () => {
  const live = holding({ JSON: '{"note":"a broken emoji \\ud83d in a text"}' })

  expect(masked('x {"note":"a broken emoji \\ud83d in a text"} y', live)).toBe('x [redacted scope/JSON] y')
})
