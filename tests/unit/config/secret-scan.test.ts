import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { ConfigError, parseConfig } from '../../../src/config/index.ts'

const parse = (text: string) => parseConfig(new TextEncoder().encode(text), 'f.yaml')

function refusal(text: string): ConfigError | null {
  try {
    parse(text)
    return null
  } catch (error) {
    return error instanceof ConfigError && error.code === 'CONFIG_SECRET_FOUND' ? error : null
  }
}

/** Put together here, so that no scanner stumbles over this file. */
const of = (prefix: string, length: number, alphabet = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8') =>
  prefix + Array.from({ length }, (_, n) => alphabet[(n * 7 + 3) % alphabet.length]).join('')
const hex = (length: number) => of('', length, '0123456789abcdef')

const SECRETS: [string, string][] = [
  ['GitHub token', of('ghp_', 36)],
  ['GitHub token', of('github_pat_', 60)],
  ['GitLab token', of('glpat-', 20)],
  ['Slack token', of('xoxb-', 30)],
  ['Anthropic key', of('sk-ant-', 60)],
  ['OpenAI key', of('sk-proj-', 48)],
  ['AWS access key', of('AKIA', 16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')],
  ['Google API key', of('AIza', 35)],
  ['Stripe key', of('sk_live_', 24)],
  ['npm token', of('npm_', 36)],
  ['PyPI token', of('pypi-', 80)],
  ['Hugging Face token', of('hf_', 34)],
  ['Linear key', of('lin_api_', 40)],
  ['Notion token', of('ntn_', 46)],
  ['Telegram token', of('123456789:AA', 33)],
  ['SendGrid key', `${of('SG.', 22)}.${of('', 43)}`],
  ['Twilio key', `SK${hex(32)}`],
  ['DigitalOcean token', `dop_v1_${hex(64)}`],
  ['age identity', of('AGE-SECRET-KEY-1', 58, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')],
  ['JSON Web Token', `eyJ${of('', 20)}.eyJ${of('', 30)}.${of('', 30)}`],
  ['password in a URL', 'postgres://me:pa55word@db.example/x'],
]

describe('D22: a credential refuses the file and is not echoed', () => {
  test.each(SECRETS)('%s, wherever it stands', (name, secret) => {
    const places = [
      `downstream_servers: [{ id: a, command: x, args: ["${secret}"] }]`,
      `downstream_servers: [{ id: a, command: x, env: { PLAIN: "${secret}" } }]`,
      `auth_scopes: [] # ${secret}`,
      `downstream_servers:\n  - id: a\n    command: x\n    env: { X: "${secret.slice(0, 3)}\\x${secret.charCodeAt(3).toString(16)}${secret.slice(4)}" }`,
    ]
    for (const text of places) {
      const error = refusal(text)
      expect(error?.problems[0]?.message).toContain(name)
      expect(inspect(error)).not.toContain(secret.slice(4, 16))
    }
  })

  test('a private key block', () => {
    const block = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----'].join('')
    expect(
      refusal(`auth_scopes:\n  - id: a\n    name: |\n      ${block}\n      b3Blbn\n`)?.problems[0]?.message,
    ).toContain('private key')
  })

  test('a random value under a secret-looking name, also as an argument', () => {
    const value = of('', 24)
    for (const text of [
      `downstream_servers: [{ id: a, command: x, env: { MY_API_KEY: ${value} } }]`,
      `downstream_servers: [{ id: a, command: x, args: [--token, ${value}] }]`,
      `downstream_servers: [{ id: a, command: x, args: ["--api-key=${value}"] }]`,
    ]) {
      expect(refusal(text)).not.toBeNull()
    }
  })
})

test('what only sounds like it is let through', () => {
  const server = (more: string) => `downstream_servers: [{ id: a, command: x, ${more} }]`
  for (const text of [
    server(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what people write
      'env: { TOKEN: "${GITHUB_TOKEN}", API_KEY: "<your key>", PASSWORD: changeme, AUTH_TOKEN_FILE: /run/secrets/token }',
    ),
    server(
      'env: { TOKEN_URL: "https://example.com/oauth/token", COMMIT: 9fceb02d0ae598e95dc970b74767f19372d61af8 }',
    ),
    server(
      'args: [--token, $TOKEN, "--image=repo@sha256:9fceb02d0ae598e95dc970b74767f19372d61af89fceb02d0ae598e95dc970b7"]',
    ),
    server('args: ["sh", "-c", "exec server --token \\"$TOKEN\\""]'),
    'auth_scopes: [{ id: github-token-2, keys: [{ name: GITHUB_TOKEN_V2, obtain: "https://github.com/settings/tokens" }] }]',
  ]) {
    expect(() => parse(text)).not.toThrow()
  }
})

test('the comment lets one line through and no other', () => {
  const line = `    env: { SESSION_TOKEN: ${of('', 24)} }`
  const file = (comment: string, again = '') =>
    `downstream_servers:\n  - id: a\n    command: x\n${line}${comment}\n  - id: b\n    command: x\n${again}`

  expect(refusal(file(''))?.problems[0]?.line).toBe(4)
  expect(refusal(file('  # mcplexer:allow-secret'))).toBeNull()
  expect(refusal(file('  # mcplexer:allow-secret', line))?.problems[0]?.line).toBe(7)
})
