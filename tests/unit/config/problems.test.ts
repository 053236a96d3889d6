import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { errorOf, problemsOf } from '../../helpers/config-problems.ts'

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

  test('of very many problems the first hundred', () => {
    const error = errorOf(Array.from({ length: 500 }, (_, n) => `k${n}: 1`).join('\n'))

    expect(error.problems).toHaveLength(100)
    expect(error.message).toStartWith('500 problems in the configuration, of which these are the first 100\n')
  })
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
