import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import {
  ConfigError,
  checkConfig,
  configJsonSchema,
  exampleConfig,
  loadConfig,
  parseConfig,
} from '../../../src/config/index.ts'

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
        isPublic: false,
      },
      { name: 'OPTIONAL', description: null, obtain: null, isRequired: false, isPublic: false },
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
    instances: null,
    maxInstances: 0,
    restartPolicy: 'on-failure',
    isDisabled: false,
    pin: 'on',
    shield: 'default',
    readable: [],
    writable: [],
    network: 'all',
    requiresShield: false,
  })
  expect(config.firstListWaitSec).toBe(7)
})

test('an empty file, and one of comments, is a configuration without servers', () => {
  expect([parse('').servers.size, parse('# nothing\n').authScopes.size]).toEqual([0, 0])
})

test('the example loads, also with every comment taken away', () => {
  expect(exampleConfig).toBe(readFileSync(join(import.meta.dir, '../../../config.example.yaml'), 'utf8'))
  expect(parse(exampleConfig).servers.size).toBe(0)

  const active = parse(uncommented(exampleConfig))
  expect(active.servers.get('github')?.authScope).toBe('github-token')
  expect(active.authScopes.get('github-token')?.keys).toHaveLength(1)
})

/** Only what follows the introduction; a comment that is prose begins with `##`. */
function uncommented(example: string): string {
  return example
    .slice(example.indexOf('\nauth_scopes:'))
    .replace(/^## .*$/gm, '')
    .replace(/^# /gm, '')
}

type SchemaNode = {
  description?: string
  properties?: Record<string, SchemaNode>
  items?: SchemaNode
  anyOf?: SchemaNode[]
}

function fieldsOf(node: SchemaNode): [name: string, field: SchemaNode][] {
  const inner = [node.items, ...(node.anyOf ?? [])].flatMap((part) => (part ? fieldsOf(part) : []))
  const own = Object.entries(node.properties ?? {})
  return [...inner, ...own, ...own.flatMap(([, field]) => fieldsOf(field))]
}

test('the example shows every field there is', () => {
  const names = fieldsOf(configJsonSchema() as SchemaNode).map(([name]) => name)

  expect(names.length).toBeGreaterThan(20)
  for (const name of names) expect(uncommented(exampleConfig)).toMatch(new RegExp(`^[ -]*${name}:`, 'm'))
})

test('the JSON Schema describes every field, accepts the example and refuses a misspelt key', () => {
  const schema = configJsonSchema()
  const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])

  const withoutText = fieldsOf(schema as SchemaNode).filter(([, { description }]) => !description)
  expect(withoutText).toEqual([])
  for (const text of [exampleConfig, uncommented(exampleConfig)]) {
    expect(validator.safeParse(parseYaml(text)).success).toBe(true)
  }
  expect(validator.safeParse({ auth_scops: [] }).success).toBe(false)
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
      '1:40: expected text',
      '1:53: expected true or false',
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

  test('with the scope and key that the file names, when these cannot be a credential themselves', () => {
    const scope = (id: string) => `auth_scopes: [{ id: ${id}, keys: [{ name: API_TOKEN, value: x }] }]`

    expect(problemsOf(scope('github'))[0]).toContain('mcplexer secret put github API_TOKEN')
    expect(problemsOf(scope('qx7r2m9w4n6v1c8k5j3h'))[0]).toContain('mcplexer secret put SCOPE API_TOKEN')
  })

  test('a missing field by its name, a number where text belongs, and nothing hides a duplicate', () => {
    expect(
      problemsOf('downstream_servers:\n  - id: a\n  - { id: a, command: x, env: { PORT: 80 } }\nfoo: 1\n'),
    ).toEqual([
      '2:5: `command` is missing',
      '3:11: this id is taken by an entry above',
      '3:11: this namespace is taken by a server above',
      '3:39: expected text',
      '4:1: unknown key',
    ])
  })

  test('the shape and the names of other programs, with how it is written here', () => {
    const cases: [string, string, string | undefined][] = [
      [
        'mcpServers: { github: { command: npx } }',
        '1:1: unknown key; it is called downstream_servers here',
        'each server is an entry of the list:\n  downstream_servers:\n    - id: github\n      command: npx',
      ],
      [
        'downstream_servers: { github: { command: npx } }',
        '1:21: expected a list',
        'write `- id: github` where `github:` stands',
      ],
      ['auth_scopes: [{ id: a, key: [{ name: T }] }]', '1:24: unknown key; did you mean keys?', undefined],
      [
        'auth_scopes: [{ id: a, keys: [T] }]',
        '1:31: expected a mapping',
        'an entry is written `- name: GITHUB_TOKEN`',
      ],
      [
        'downstream_servers: [{ id: a, command: x, args: -y b }]',
        '1:49: expected a list',
        'write `args: ["-y", "some-package"]`',
      ],
      [
        'downstream_servers: [{ id: a, command: x, call_timeout_sec: 5m }]',
        '1:61: expected a whole number of seconds, without a unit',
        'write `call_timeout_sec: 300`',
      ],
      [
        'downstream_servers: [{ id: a, command: x, idle_timeout_sec: soon }]',
        '1:61: expected a whole number of seconds, without a unit',
        undefined,
      ],
      [
        'downstream_servers: [{ id: a, command: x, idle_timeout_sec: "300" }]',
        '1:61: expected a whole number of seconds, without a unit',
        'write `idle_timeout_sec: 300`',
      ],
      ['lock_idle_min: 5m', '1:16: expected a whole number of minutes, without a unit', undefined],
    ]
    for (const [text, problem, hint] of cases)
      expect([problemsOf(text), errorOf(text).hint]).toEqual([[problem], hint])
  })

  test('what is no YAML, once, with what is wrong and the key of ours that it is at', () => {
    const server = 'downstream_servers:\n  - id: a\n'
    const indent =
      'the indentation does not fit: keys of one entry, and entries of one list, start in the same column'
    const cases: [string, string][] = [
      [
        `${server}     command: x\n`,
        '2:9: the next line is indented deeper: keys of one entry start in the same column (at or under `id`)',
      ],
      [`${server}  command: x\n`, `3:1: ${indent} (at or under \`command\`)`],
      [`${server} - id: b\n`, `3:1: ${indent} (at or under \`id\`)`],
      [`${server}    command: x\n   cwd: y\n`, `4:1: ${indent} (at or under \`cwd\`)`],
      [`${server}    args: [a, "é]"\n    env: {}\n`, '3:11: this bracket is not closed (at or under `args`)'],
      [
        `${server}    command: x: y\n`,
        '3:14: a second colon with a space behind it; put the value in quotes (at or under `command`)',
      ],
      [
        'downstream_servers:\n  - id:a\n    command: x\n',
        '2:5: a key is written `key: value`, with a colon and a space (at or under `id`)',
      ],
      [
        'auth_scopes: []\n---\nauth_scopes: []\n',
        '2:1: only one document is allowed (at or under `auth_scopes`)',
      ],
      ['canary: "x\n', '2:1: a character is missing (a colon, a comma, a quote or a bracket)'],
    ]
    for (const [text, problem] of cases) expect(problemsOf(text)).toEqual([problem])
  })

  test('a network that is none, in words', () => {
    const problems = (network: string) =>
      problemsOf(`downstream_servers: [{ id: a, command: x, network: ${network} }]`)
    const shape =
      'expected `all`, `none`, or a list of host names such as [api.github.com, "*.example.com:8443"]'

    for (const network of ['api.github.com', 'false', '[]'])
      expect(problems(network)).toEqual([`1:52: ${shape}`])
    for (const host of ['https://api.github.com', 'a.example:65536', 'a.example:0', '5'])
      expect(problems(`[${host}]`)).toEqual([expect.stringMatching(/^1:5\d: expected `all`, `none`, or/)])
    expect(problems('[a.example:65535, "*.b.example", "[::1]:8443"]')).toEqual([])
  })

  test('keys of other gateways, with what does it here', () => {
    const cases: [string, string][] = [
      ['name', 'it is called id here'],
      ['cmd', 'it is called command here'],
      ['enabled', 'a server is switched off by `disabled: true`'],
      ['description', 'write it as a comment'],
      ['autoApprove', 'what may be called without a question is decided in the client'],
      ['alwaysAllow', 'what may be called without a question is decided in the client'],
      ['secrets', 'they are never in this file: name a scope with `auth_scope`'],
    ]
    for (const [key, what] of cases)
      expect(problemsOf(`downstream_servers: [{ id: a, command: x, ${key}: [] }]`)[0]).toStartWith(
        `1:43: unknown key; ${what}`,
      )
  })

  test('keys of the Go program of the same name', () => {
    const server = 'downstream_servers: [{ id: a, command: x, discovery: static, cache: {}, workspaces: 1 }]'

    expect(problemsOf(server).every((problem) => problem.endsWith('is not supported yet'))).toBe(true)
    expect(problemsOf(`${server}\nroute_rules: []\n`)).toHaveLength(4)
  })

  test('brackets in text do not count as nesting, and the place of real nesting is told', () => {
    const text = JSON.stringify('[{'.repeat(100))

    expect(
      problemsOf(`downstream_servers: [{ id: a, command: x, args: [${text}] }] # ${'['.repeat(99)}`),
    ).toEqual([])
    expect(problemsOf(`auth_scopes: []\nx: ${'['.repeat(60)}`)).toEqual(['2:54: nested deeper than 50 levels'])
  })

  test('of very many problems the first hundred', () => {
    const error = errorOf(Array.from({ length: 500 }, (_, n) => `k${n}: 1`).join('\n'))

    expect(error.problems).toHaveLength(100)
    expect(error.message).toStartWith('500 problems in the configuration, of which these are the first 100\n')
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

  test('a %YAML line, which would change what `no` means', () => {
    expect(problemsOf('%YAML 1.1\n---\nauth_scopes: []\n')).toEqual(['1:1: a %YAML line is not allowed'])
  })

  test('a byte order mark and CRLF are fine', () => {
    expect(parse('\uFEFFauth_scopes:\r\n  - id: a\r\n').authScopes.has('a')).toBe(true)
  })

  test('a folder in place of the file, a missing file and one of more than 1 MiB', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcplexer-config-'))
    writeFileSync(join(folder, 'large.yaml'), '#'.repeat(1_048_577))
    const codeOf = (path: string) => loadConfig(path).catch((error: ConfigError) => [error.code, error.hint])

    expect(await codeOf(folder)).toEqual(['CONFIG_UNREADABLE', `ls -ld '${folder}'`])
    expect(await codeOf(join(folder, 'none.yaml'))).toEqual(['CONFIG_MISSING', 'mcplexer init'])
    expect(await codeOf(join(folder, 'large.yaml'))).toEqual(['CONFIG_INVALID', undefined])
    rmSync(folder, { recursive: true })
  })

  test('bytes that are not UTF-8', () => {
    expect(errorOf(new Uint8Array([0x61, 0x3a, 0xff])).message).toContain('UTF-8')
  })
})

test('what looks like a variable is a warning with its place; for a shell it is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcplexer-config-'))
  const path = join(folder, 'mcplexer.yaml')
  writeFileSync(
    path,
    [
      'downstream_servers:',
      '  - id: a',
      '    command: sh',
      `    args: [-c, 'exec server "$TOKEN"', "--dir=\${HOME:-/}/x", "costs $5", "a$"]`,
      `    env: { A: $PLAIN, B: "\${env:EDITORS}", C: "\${qx7r2m9w4n6v1c8k5j3h}" }`,
    ].join('\n'),
  )

  const { config, warnings } = await checkConfig(path)
  rmSync(folder, { recursive: true })

  expect(config.servers.get('a')?.env['A']).toBe('$PLAIN')
  const rest = 'is not expanded: the server gets it as it is written'
  expect(warnings.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual([
    `4:40: $HOME ${rest}`,
    `5:15: $PLAIN ${rest}`,
    `5:26: $EDITORS ${rest}`,
    `5:47: a variable ${rest}`,
  ])
  expect(warnings.every(({ hint }) => hint?.includes('inherit_env'))).toBe(true)
})

describe('a server that could never start is refused', () => {
  const one = (fields: string, top = '') => `downstream_servers: [{ id: a, ${fields} }]\n${top}`

  test('with a command and its arguments in one text or list; a path may have blanks', () => {
    for (const command of ['npx -y @scope/package', '[npx, -y]'])
      expect(errorOf(one(`command: ${command}`)).hint).toContain('`command: npx`, `args: ["-y", ')
    expect(problemsOf(one('command: npx -y some-package'))).toEqual([
      '1:40: this is a program and its arguments in one text',
    ])
    expect(problemsOf(one('command: /opt/My Server/run'))).toEqual([])
  })

  test('with its shield off where a shield is needed', () => {
    const off = 'command: x, shield: off'

    expect(problemsOf(one(`${off}, network: none`))).toEqual([
      '1:51: only a shield can limit `network`, and here it is off: this server could never start',
    ])
    expect(problemsOf(one(`${off}, network: [a.example]`))).toHaveLength(1)
    expect(problemsOf(one(off, 'require_shield: true'))).toEqual([
      '1:51: `require_shield: true` stands at the top, and here it is off: this server could never start',
    ])
    expect(problemsOf(one(`${off}, network: all`, 'require_shield: false'))).toEqual([])
  })
})

test.each([
  'command: evil #\r    command: good',
  'command: evil # \u001b[2K\u001b[1G    command: good',
  'command: evil # \u0085    disabled: true',
  'command: evil # \u2028    disabled: true',
  'command: "\u202etxt.exe"',
])('what a person, or another reader of YAML, would see otherwise is refused: %p', (line) => {
  expect(problemsOf(`downstream_servers:\n  - id: a\n    ${line}\n`)[0]).toStartWith('3:')
})

test('CRLF, tabs between words, emoji with joiners and escapes are fine', () => {
  const text = ['# 👩‍💻\tx', 'downstream_servers:', '  - id: a', '    command: x', '    args: ["\\u202e"]', '']

  expect(problemsOf(`\ufeff${text.join('\r\n')}`)).toEqual([])
})
