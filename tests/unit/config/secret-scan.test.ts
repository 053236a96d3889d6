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
  ['Groq key', of('gsk_', 52)],
  ['Grok key', of('xai-', 80)],
  ['Perplexity key', of('pplx-', 48)],
  ['Replicate token', of('r8_', 37)],
  ['Tavily key', of('tvly-dev-', 32)],
  ['Firecrawl key', `fc-${hex(32)}`],
  ['Apify token', of('apify_api_', 36)],
  ['Pinecone key', of('pcsk_', 70)],
  ['LangSmith key', `lsv2_pt_${hex(32)}_${hex(10)}`],
  ['Airtable token', `${of('pat', 14)}.${hex(64)}`],
  ['Postman key', `PMAK-${hex(24)}-${hex(34)}`],
  ['New Relic key', of('NRAK-', 27, 'ABC1DEF2GHI3JKL4')],
  ['Grafana token', `${of('glsa_', 32)}_${hex(8)}`],
  ['Tailscale key', `${of('tskey-auth-', 12)}-${of('', 32)}`],
  ['Pulumi token', `pul-${hex(40)}`],
  ['Terraform token', `${of('', 14)}.${of('atlasv1.', 66)}`],
  ['Netlify token', of('nfp_', 36)],
  ['PlanetScale token', of('pscale_tkn_', 43)],
  ['Doppler token', of('dp.st.dev.', 42)],
  ['CircleCI token', `${of('CCIPAT_', 22)}_${hex(40)}`],
  ['Google refresh token', of('1//0g', 60)],
  ['Azure client secret', of('a1b8Q~', 34)],
  ['Discord webhook', of('https://discord.com/api/webhooks/123456789012345678/', 68)],
  ['Mapbox token', `${of('sk.eyJ', 60)}.${of('', 22)}`],
  ['age identity', of('AGE-SECRET-KEY-1', 58, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')],
  ['JSON Web Token', `eyJ${of('', 20)}.eyJ${of('', 30)}.${of('', 30)}`],
  ['OpenAI key', of('sk-', 48)],
  ['OpenRouter key', `sk-or-v1-${hex(64)}`],
  ['Slack webhook', `https://hooks.slack.com/services/T${of('', 40)}`],
  ['Google OAuth secret', of('GOCSPX-', 28)],
  ['Google OAuth token', of('ya29.', 60)],
  ['Sentry token', of('sntrys_', 60)],
  ['Discord token', `${of('M', 25)}.${of('', 6)}.${of('', 38)}`],
  ['Azure key', `AccountKey=${of('', 86)}==`],
  ['Figma token', of('figd_', 40)],
  ['Atlassian token', of('ATATT3', 180)],
  ['Databricks token', `dapi${hex(32)}`],
  ['Shopify token', `shpat_${hex(32)}`],
  ['Vault token', of('hvs.', 90)],
  ['Supabase key', `sbp_${hex(40)}`],
  ['bearer token', `Authorization: Bearer ${of('', 40)}`],
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

  test('with the article that its name wants', () => {
    for (const [secret, article] of [
      [of('sk-proj-', 48), 'an OpenAI key'],
      [of('npm_', 36), 'an npm token'],
      [of('ghp_', 36), 'a GitHub token'],
    ])
      expect(refusal(`# ${secret}`)?.message).toContain(`this looks like ${article}; `)
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
      `downstream_servers: [{ id: a, command: docker, args: [run, -e, "API_KEY=${value}"] }]`,
      `downstream_servers: [{ id: a, command: x, args: [--header, "X-API-Key: ${value}"] }]`,
      `downstream_servers: [{ id: a, command: x, args: ["https://mcp.example/sse?region=eu&api_key=${value}"] }]`,
      `downstream_servers: [{ id: a, command: sh, args: [-c, "exec server --token ${value}"] }]`,
      `downstream_servers: [{ id: a, command: x, args: ["Authorization: Basic ${btoa(`user:${value}`)}"] }]`,
      `downstream_servers: [{ id: a, command: x, args: ['{"apiKey": "${value}"}'] }]`,
      `downstream_servers: [{ id: a, command: x, env: { TOKEN: x${value} } }]`,
      `downstream_servers: [{ id: a, command: x, env: { PASSWORD: /${value}+= } }]`,
      `# env: { API_KEY: ${value} }`,
      `downstream_servers: [] # was --token ${value}`,
    ]) {
      const error = refusal(text)
      expect([text, error?.problems.length]).toEqual([text, 1])
      const shown = [
        error?.message,
        error?.hint,
        error?.stack,
        inspect(error),
        JSON.stringify(error),
        String(error?.cause),
      ]
      expect(shown.join()).not.toContain(value.slice(0, 8))
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
    server('env: { TOKENIZER: cl100k_base, MAX_TOKENS: "128000000", SECRET_NAME: prod-db-password-1 }'),
    server('env: { SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbC123" }'),
    server(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what people write
      'env: { DB: "postgres://${USER}:${PASS}@host/x", TOKEN_FILE: "C:\\\\Users\\\\me\\\\t0ken" }',
    ),
    server(
      'env: { TENANT: 123e4567-e89b-12d3-a456-426614174000, API_KEY: your-api-key-123, TOKEN: "{{token}}" }',
    ),
    server(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what people write
      'args: [--header, "Authorization: Bearer ${AUTH_TOKEN_FOR_GITHUB}", sk-learn-tools-for-the-data-scientist]',
    ),
    '# the token: classic-token-v2 with repo scope; see https://example.com/token?name=mcplexer\n',
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
