import { describe, expect, test } from 'bun:test'
import { errorOf, problemsOf } from '../../helpers/config-problems.ts'

describe('D22: what is called otherwise elsewhere is refused with how it is written here', () => {
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
})
