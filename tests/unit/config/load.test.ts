import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { ConfigError, configJsonSchema, exampleConfig, parseConfig } from '../../../src/config/index.ts'

const parse = (text: string) => parseConfig(new TextEncoder().encode(text), '/x/mcplexer.yaml')

function problemsOf(text: string): string[] {
  try {
    parse(text)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)
  }
}

function errorOf(text: string | Uint8Array): ConfigError {
  try {
    parseConfig(typeof text === 'string' ? new TextEncoder().encode(text) : text, '/x/mcplexer.yaml')
  } catch (error) {
    if (error instanceof ConfigError) return error
  }
  throw new Error('it was accepted')
}

const FULL = `
auth_scopes:
  - id: github-token
    name: GitHub token
    type: env
    keys:
      - { name: GITHUB_TOKEN, description: d, obtain: https://github.com/settings/tokens, required: true }
      - { name: OPTIONAL, required: false }
downstream_servers:
  - id: github.com
    command: ./bin/server
    args: ["-y", "@modelcontextprotocol/server-github"]
    env: { LOG_LEVEL: info }
    inherit_env: [KUBECONFIG]
    cwd: src
    auth_scope: github-token
    idle_timeout_sec: 0
first_list_wait_sec: 7
`

test('a full file gives the configuration with its defaults; relative paths start at the folder of the file', () => {
  const config = parse(FULL)

  expect(config.authScopes.get('github-token')).toEqual({
    id: 'github-token',
    name: 'GitHub token',
    type: 'env',
    keys: [
      {
        name: 'GITHUB_TOKEN',
        description: 'd',
        obtain: 'https://github.com/settings/tokens',
        isRequired: true,
      },
      { name: 'OPTIONAL', description: null, obtain: null, isRequired: false },
    ],
  })
  expect(config.servers.get('github.com')).toEqual({
    id: 'github.com',
    transport: 'stdio',
    command: '/x/bin/server',
    args: ['-y', '@modelcontextprotocol/server-github'],
    env: { LOG_LEVEL: 'info' },
    inheritEnv: ['KUBECONFIG'],
    cwd: '/x/src',
    namespace: 'github-com',
    authScope: 'github-token',
    idleTimeoutSec: 0,
    startupTimeoutSec: 60,
    callTimeoutSec: 120,
    isDisabled: false,
  })
  expect(config.firstListWaitSec).toBe(7)
})

test('an empty file, and one of comments, is a configuration without servers', () => {
  expect([parse('').servers.size, parse('# nothing\n').authScopes.size]).toEqual([0, 0])
})

test('the example loads, also with every comment taken away', () => {
  expect(exampleConfig).toBe(readFileSync(join(import.meta.dir, '../../../config.example.yaml'), 'utf8'))
  expect(parse(exampleConfig).servers.size).toBe(0)

  const active = exampleConfig
    .slice(exampleConfig.indexOf('\nauth_scopes: []'))
    .replace(/^(auth_scopes|downstream_servers): \[\]$/gm, '')
    .replace(/^# How long.*$/gm, '')
    .replace(/^# /gm, '')
  expect(parse(active).servers.get('github')?.authScope).toBe('github-token')
})

test('the JSON Schema describes every field', () => {
  const schema = JSON.stringify(configJsonSchema())

  for (const name of ['auth_scopes', 'tool_namespace', 'inherit_env', 'first_list_wait_sec', 'obtain']) {
    expect(schema).toMatch(new RegExp(`"${name}":\\{[^{}]*"description"|"${name}":\\{.*?"description"`))
  }
})

describe('D22: what is wrong is refused with its place, all at once', () => {
  test('unknown keys, with what was meant', () => {
    expect(
      problemsOf(
        'downstream_servers:\n  - id: a\n    comand: x\n    command: y\nauth_scops: []\nworkspaces: []\n',
      ),
    ).toEqual([
      '3:5: unknown key; did you mean command?',
      '5:1: unknown key; did you mean auth_scopes?',
      '6:1: workspaces is not supported yet',
    ])
  })

  test('duplicate ids and namespaces, dangling references, bad types', () => {
    const text = `
auth_scopes: [{ id: a }, { id: a }]
downstream_servers:
  - { id: one, command: x, auth_scope: aa }
  - { id: one, command: x }
  - { id: two, command: x, tool_namespace: one, idle_timeout_sec: 5 }
  - { id: three, command: x, tool_namespace: "" }
  - { id: a-very-long-id-that-is-too-long, command: x }
`
    expect(problemsOf(text)).toEqual([
      '2:32: this id is taken by an entry above',
      '4:40: there is no such auth scope; did you mean a?',
      '5:11: this id is taken by an entry above',
      '5:11: this namespace is taken by a server above',
      '6:44: this namespace is taken by a server above',
      '7:46: an empty namespace is for an only server',
      '8:11: this id cannot stand before tool names; add a short `tool_namespace`',
    ])
    expect(problemsOf('downstream_servers: [{ id: X, command: 5, disabled: maybe }]')).toEqual([
      '1:28: an id has small letters, digits, `_`, `.` and `-`',
      '1:40: expected string',
      '1:53: expected boolean',
    ])
  })

  test('types and transports that come later say so', () => {
    expect(problemsOf('auth_scopes: [{ id: a, type: header }]')).toEqual([
      '1:30: only type env works so far; header and oauth2 come later',
    ])
    expect(problemsOf('downstream_servers: [{ id: a, command: x, transport: http }]')[0]).toContain(
      'http comes later',
    )
  })

  test('a value under an auth scope gets the command that seals it', () => {
    const error = errorOf('auth_scopes:\n  - id: a\n    token: hunter2-is-the-value\n')

    expect(error.problems[0]?.message).toContain('mcplexer secret put')
    expect(inspect(error)).not.toContain('hunter2')
  })

  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n`
  test.each([
    ['an alias bomb', bomb],
    ['deep nesting', `a: ${'['.repeat(100_000)}`],
    ['deep nesting in block style', `${'- '.repeat(100_000)}x`],
    ['over 1 MiB', `# ${'x'.repeat(1_100_000)}`],
    ['__proto__', '__proto__: { polluted: 1 }'],
    ['constructor', 'auth_scopes: [{ id: a, constructor: 1 }]'],
    ['an unknown tag', 'auth_scopes: !!js/function "x"'],
    ['a custom tag', 'auth_scopes: !evil []'],
    ['a second document', 'auth_scopes: []\n---\nauth_scopes: []\n'],
    ['a key twice', 'auth_scopes: []\nauth_scopes: []\n'],
    ['broken syntax', 'auth_scopes: [canary-in-the-source'],
    ['a list at the top', '- a\n- b\n'],
    ['a complex key', '? [a]\n: b\n'],
  ])('%s, without a hang and without an echo', (_name, text) => {
    const started = performance.now()

    const error = errorOf(text)

    expect(error.problems.length).toBeGreaterThan(0)
    expect(inspect(error)).not.toContain('canary')
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('bytes that are not UTF-8', () => {
    expect(errorOf(new Uint8Array([0x61, 0x3a, 0xff])).message).toContain('UTF-8')
  })
})
