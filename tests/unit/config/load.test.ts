import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConfigError, checkConfig, loadConfig } from '../../../src/config/index.ts'
import { errorOf, parse, problemsOf } from '../../helpers/config-problems.ts'

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

test('a byte order mark and CRLF are fine', () => {
  expect(parse('\uFEFFauth_scopes:\r\n  - id: a\r\n').authScopes.has('a')).toBe(true)
})

test('CRLF, tabs between words, emoji with joiners and escapes are fine', () => {
  const text = ['# 👩‍💻\tx', 'downstream_servers:', '  - id: a', '    command: x', '    args: ["\\u202e"]', '']

  expect(problemsOf(`\ufeff${text.join('\r\n')}`)).toEqual([])
})

test('bytes that are not UTF-8', () => {
  expect(errorOf(new Uint8Array([0x61, 0x3a, 0xff])).message).toContain('UTF-8')
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

test('so is a `~` in front of a path that only the server reads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcplexer-config-'))
  const path = join(folder, 'mcplexer.yaml')
  writeFileSync(
    path,
    [
      'downstream_servers:',
      '  - id: a',
      '    command: ~/bin/server',
      "    args: [~/a.py, '~', a~/b, ~b, --dir=~/x]",
      '    env: { A: ~/b }',
      '    cwd: ~/src',
      '  - { id: b, command: sh, args: [-c, ~/bin/server] }',
    ].join('\n'),
  )

  const { warnings } = await checkConfig(path)
  rmSync(folder, { recursive: true })

  const rest = '~ is not expanded: the server gets it as it is written'
  expect(warnings.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual([
    `4:12: ${rest}`,
    `5:15: ${rest}`,
  ])
  expect(warnings.every(({ hint }) => hint?.includes('cwd'))).toBe(true)
})
