import { describe, expect, test } from 'bun:test'
import { LiveValues } from '../../../src/gateway/guard/live-values.ts'
import { foreignValue, redact, redactText } from '../../../src/gateway/redact.ts'
import { escapedWhole, SPELLINGS } from '../../helpers/spellings.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function holding(secrets: Record<string, string>, scope = 'scope'): LiveValues {
  const values = new LiveValues()
  values.hold(scope, secrets)
  return values
}

function redacted(line: string, values: LiveValues): string | null {
  const { bytes } = redact(encoder.encode(line), values)
  return bytes === null ? null : decoder.decode(bytes)
}

const result = (text: string) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } })
const CARRIERS: [string, (text: string) => string][] = [
  ['a result', result],
  [
    'structured content',
    (text) => JSON.stringify({ jsonrpc: '2.0', id: 1, result: { structuredContent: { a: [text] } } }),
  ],
  [
    'an error',
    (text) => JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: 1, message: 'm', data: { text } } }),
  ],
  [
    'a notification',
    (text) => JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { data: `${text}.` } }),
  ],
  [
    'a result, all escaped',
    (text) => `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${escapedWhole(text)}"}]}}`,
  ],
]
const ALPHABET = [
  ...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+=$&<>"\'\\ %!#()*,:;?@[]^`{|}~',
  'é',
  '日',
  '😀',
  '\n',
]

describe('a value is taken out', () => {
  test.each(SPELLINGS)('written as %s, in every carrier, and all around it stays', (_form, write) => {
    for (let round = 0; round < 40; round++) {
      const length = 14 + (round % 40)
      const value = Array.from({ length }, () => ALPHABET[Math.floor(Math.random() * ALPHABET.length)]).join('')
      const values = holding({ TOKEN: value })
      for (const [carrier, carry] of CARRIERS) {
        const line = carry(`before «${write(value)}» after`)
        const clean = redacted(line, values)

        expect({
          carrier,
          value,
          found: clean !== null && textsOf(clean).includes('[redacted scope/TOKEN]'),
        }).toEqual({
          carrier,
          value,
          found: true,
        })
        expect(textsOf(clean ?? '')).toContain('before «')
        expect(textsOf(clean ?? '')).toContain('» after')
        expect(textsOf(clean ?? '')).not.toContain(write(value))
      }
    }
  })

  test('split at no place of a text with others around it, the longest first', () => {
    const values = holding({ SHORT: 'token-abc-123', LONG: 'token-abc-123-xyz' })

    expect(redacted(result('a token-abc-123-xyz b token-abc-123 c'), values)).toBe(
      result('a [redacted scope/LONG] b [redacted scope/SHORT] c'),
    )
  })

  test('of a private key each line, of a JSON document each text, of a URL its password', () => {
    const values = holding({
      PEM: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nBAQEFAASCBKcwggSjAgEAAo\n-----END PRIVATE KEY-----\n',
      JSON: '{"type":"service_account","private_key":"abcdefgh12345678"}',
      SHORT: '{"user":"somebody-else","password":"Sup3r-Secret1"}',
      URL: 'postgres://user:correct-horse@db.example/app',
      ESCAPED: 'postgres://user:p%40ssw0rd-Long1@db.example/app',
    })

    expect(redacted(result('x BAQEFAASCBKcwggSjAgEAAo'), values)).toBe(result('x [redacted scope/PEM]'))
    expect(redacted(result('x abcdefgh12345678'), values)).toBe(result('x [redacted scope/JSON]'))
    expect(redacted(result('x Sup3r-Secret1'), values)).toBe(result('x [redacted scope/SHORT]'))
    expect(redacted(result('x somebody-else'), values)).toBe(result('x somebody-else'))
    expect(redacted(result('x correct-horse'), values)).toBe(result('x [redacted scope/URL]'))
    expect(redacted(result('x p@ssw0rd-Long1'), values)).toBe(result('x [redacted scope/ESCAPED]'))
    expect(redacted(result('-----BEGIN PRIVATE KEY-----'), values)).toBe(result('-----BEGIN PRIVATE KEY-----'))
  })

  describe('of a private key, however it was wrapped', () => {
    const lines = Array.from({ length: 4 }, (_, n) => Bun.hash(`line ${n}`).toString(36).repeat(6).slice(0, 64))
    const wrapped = (columns: number, end: string) =>
      `-----BEGIN KEY-----${end}${lines.join('').replace(new RegExp(`.{${columns}}(?!$)`, 'g'), `$&${end}`)}==${end}-----END KEY-----`
    const isLeft = (text: string) =>
      lines.some((line) => text.includes(line) || text.includes(line.slice(0, 40)))

    test.each([
      ['lines', wrapped(64, '\n')],
      ['a line with \\n in it', wrapped(64, '\\n')],
      ['a line with blanks', wrapped(64, ' ')],
      ['a JSON document', JSON.stringify({ type: 'service_account', private_key: wrapped(64, '\n') })],
    ])('when it was put as %s', (_how, value) => {
      const values = holding({ KEY: value })
      for (const [columns, end] of [
        [64, '\r\n'],
        [76, '\n'],
        [40, '\r\n'],
        [70, '\\n'],
        [999, '\n'],
      ] as const) {
        const text = wrapped(columns, end)

        expect(isLeft(redacted(result(text), values) ?? '')).toBe(false)
        expect(isLeft(redacted(result(JSON.stringify({ text })), values) ?? '')).toBe(false)
      }
      const stderr = wrapped(64, '\n').split('\n')
      expect(isLeft(stderr.map((line) => redactText(line, values).text).join('\n'))).toBe(false)
    })
  })

  test('with a backslash in front of a quote, in quotes of another kind', () => {
    const values = holding({ TOKEN: 'a "1\\"\n\\"b-2' })

    expect(redacted(result('x a "1\\\\"\\n\\\\"b-2 y'), values)).toBe(result('x [redacted scope/TOKEN] y'))
    expect(redacted(result('x a &quot;1\\&quot;\n\\&quot;b-2 y'), values)).toBe(
      result('x [redacted scope/TOKEN] y'),
    )
  })

  test('of stderr too', () => {
    const values = holding({ TOKEN: 'token-abc-123' })

    expect(redactText('x token-abc-123 y', values).text).toBe('x [redacted scope/TOKEN] y')
    expect(redactText(`{"a":"${escapedWhole('token-abc-123')}"}`, values).text).toBe(
      '{"a":"[redacted scope/TOKEN]"}',
    )
  })
})

describe('a message cannot go on with a value', () => {
  const values = holding({ TOKEN: 'token-abc-123', PIN: '8273645190' })

  test.each([
    ['as the name of a member', '{"jsonrpc":"2.0","id":1,"result":{"token-abc-123":1}}'],
    ['as a number', '{"jsonrpc":"2.0","id":1,"result":{"a":8273645190}}'],
    ['within base64', `{"jsonrpc":"2.0","id":1,"result":{"contents":[{"blob":"${btoa('xtoken-abc-123x')}"}]}}`],
    ['as a token of the protocol', '{"jsonrpc":"2.0","id":1,"result":{"requestState":"token-abc-123"}}'],
    ['as an id', '{"jsonrpc":"2.0","id":"token-abc-123","method":"ping"}'],
  ])('%s', (_where, line) => {
    expect(redacted(line, values)).toBeNull()
  })

  test('that is JSON and stands there as such', () => {
    const whole = '{"key":"a","user":1234567,"more":[1,2,3]}'

    expect(redacted(`{"jsonrpc":"2.0","id":1,"result":${whole}}`, holding({ DOC: whole }))).toBeNull()
  })
})

describe('a message goes on as the same bytes', () => {
  const values = holding({ TOKEN: 'nabc-token-123', SHORT: 'secret-12' })

  test.each([
    ['without a value', result('nothing here')],
    ['when only an escape seems to begin one', '{"jsonrpc":"2.0","id":1,"result":"a\\nabc-token-123"}'],
    ['when a short value is within a word', result('my_secret-12x')],
    ['with escapes that nobody needs', '{"jsonrpc":"2.0","id":1,"result":"\\u0041\\/b\\ud800"}'],
  ])('%s', (_when, line) => {
    const bytes = encoder.encode(line)

    expect(redact(bytes, values).bytes).toBe(bytes)
  })

  test('after the last server that held the value has let go of it', () => {
    const live = new LiveValues()
    const first = live.hold('a', { TOKEN: 'token-abc-123' })
    const second = live.hold('a', { TOKEN: 'token-abc-123' })
    const line = result('token-abc-123')

    first()
    expect(redacted(line, live)).not.toBe(line)
    second()
    expect(redacted(line, live)).toBe(line)
  })

  test('D17: 1 MiB beside 50 secrets', () => {
    const live = new LiveValues()
    for (let n = 0; n < 50; n++) live.hold(`s${n}`, { TOKEN: `ghp_${crypto.randomUUID()}` })
    const bytes = encoder.encode(result(Array.from({ length: 30_000 }, () => crypto.randomUUID()).join(' ')))
    const copy = bytes.slice()

    expect(redact(bytes, live).bytes).toBe(bytes)
    expect(Buffer.compare(bytes, copy)).toBe(0)
  })
})

test('many hits in one message cost no more than they have to', () => {
  const values = holding({ TOKEN: 'token-abc-123' })
  const line = JSON.stringify({ jsonrpc: '2.0', id: 1, result: Array(100_000).fill('token-abc-123') })

  const started = performance.now()
  expect(redacted(line, values)?.includes('token')).toBe(false)
  expect(performance.now() - started).toBeLessThan(5000)
})

test('what a server is told must not hold a value of another scope, whatever the spelling', () => {
  const values = holding({ TOKEN: 'token-abc-123' }, 'a')
  values.hold('b', { SAME: 'shared-by-both-1' })
  values.hold('a', { SAME: 'shared-by-both-1' })
  const call = (text: string) =>
    encoder.encode(JSON.stringify({ method: 'tools/call', params: { arguments: { text } } }))

  expect(foreignValue(call('x token-abc-123'), 'b', values)).toBe('a/TOKEN')
  expect(foreignValue(call(`x ${btoa('token-abc-123')}`), null, values)).toBe('a/TOKEN')
  expect(foreignValue(call('x token-abc-123'), 'a', values)).toBeNull()
  expect(foreignValue(call('x shared-by-both-1'), 'a', values)).toBeNull()
  expect(foreignValue(call('x shared-by-both-1'), 'b', values)).toBeNull()
  expect(foreignValue(call('nothing'), 'b', values)).toBeNull()
  for (const [form, write] of SPELLINGS)
    expect({ form, label: foreignValue(call(`x ${write('token-abc-123')}`), 'b', values) }).toEqual({
      form,
      label: 'a/TOKEN',
    })
})

/** All strings of the message, unescaped, one after the other. */
function textsOf(line: string): string {
  const texts: string[] = []
  JSON.parse(line, (_key, value: unknown) => {
    if (typeof value === 'string') texts.push(value)
    return value
  })
  return texts.join('\n')
}
