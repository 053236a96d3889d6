import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { McplexerError, nearest, resolvePaths, Secret } from '../../../src/base/index.ts'

test('a Secret prints as [secret] everywhere', () => {
  const secret = Secret.fromText('canary')

  const shown = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }),
    String(new Error(`${secret}`)),
    Bun.inspect(secret),
  ]

  for (const text of shown) {
    expect(text).toContain('[secret]')
    expect(text).not.toContain('canary')
  }
})

test('a wiped Secret holds nothing any more', () => {
  const bytes = new TextEncoder().encode('canary')
  const secret = new Secret(bytes)

  secret.wipe()

  expect([...bytes]).toEqual([0, 0, 0, 0, 0, 0])
})

describe('resolvePaths', () => {
  test('everything is in ~/.mcplexer unless told otherwise', () => {
    expect(resolvePaths(undefined, { HOME: '/h' })).toEqual({
      home: '/h/.mcplexer',
      config: '/h/.mcplexer/mcplexer.yaml',
      vault: '/h/.mcplexer/mcplexer.db',
      activity: '/h/.mcplexer/activity.db',
      keyFile: '/h/.mcplexer/age.key',
      httpToken: '/h/.mcplexer/http.token',
      socket: '/h/.mcplexer/run/gateway.sock',
    })
  })

  test('another kind of database is refused, and not taken for a path', () => {
    for (const dsn of ['sqlite:///x.db', 'postgres://u@h/x'])
      expect(() => resolvePaths(undefined, { HOME: '/h', MCPLEXER_DB_DSN: dsn })).toThrow(
        'neither a path nor a file: URL',
      )
  })

  test('~ is the home in every variable, file: URLs are paths, empty is unset', () => {
    const paths = resolvePaths('~/c.yaml', {
      HOME: '/h',
      MCPLEXER_HOME: '~/m',
      MCPLEXER_DB_DSN: 'file:///data/v%20x.db',
      MCPLEXER_AGE_KEY: '~/k',
      MCPLEXER_CONFIG: '/ignored',
    })

    expect(paths).toEqual({
      home: '/h/m',
      config: '/h/c.yaml',
      vault: '/data/v x.db',
      activity: '/data/activity.db',
      keyFile: '/h/k',
      httpToken: '/h/m/http.token',
      socket: '/h/m/run/gateway.sock',
    })
    expect(resolvePaths('', { HOME: '/h', MCPLEXER_HOME: '' }).home).toBe('/h/.mcplexer')
  })
})

test('nearest finds what was meant, and nothing when nothing is near', () => {
  expect([
    nearest('comand', ['command', 'args']),
    nearest('tokne', ['token']),
    nearest('zzz', ['command']),
  ]).toEqual(['command', 'token', null])
})

test('an error keeps code, hint and cause', () => {
  const cause = new Error('x')
  const error = new McplexerError('CLI_USAGE', 'what happened', { hint: 'do this', cause })

  expect([error.code, error.message, error.hint, error.cause]).toEqual([
    'CLI_USAGE',
    'what happened',
    'do this',
    cause,
  ])
})
