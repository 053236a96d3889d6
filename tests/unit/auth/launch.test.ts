import { describe, expect, test } from 'bun:test'
import { isAllowed, type LaunchGrant, launchOf, verdictOn } from '../../../src/auth/index.ts'
import { type Config, parseConfig, type Server } from '../../../src/config/index.ts'

const configOf = (...servers: string[]): Config => {
  const text = `auth_scopes: [{ id: gh }]\ndownstream_servers: [${servers.join(', ')}]\n`
  return parseConfig(new TextEncoder().encode(text), '/c/mcplexer.yaml')
}
const config = configOf(
  '{ id: one, command: one, auth_scope: gh }',
  '{ id: two, command: two, auth_scope: gh }',
  '{ id: bare, command: bare, auth_scope: gh, shield: off }',
)
const server = (id: string, of = config): Server => {
  const found = of.servers.get(id)
  if (found === undefined) throw new Error(`no server ${id}`)
  return found
}
const granted = (...ids: string[]): LaunchGrant[] => ids.map((id) => launchOf(server(id), config))

describe('a launch', () => {
  test.each([
    ['that was granted', 'one', ['one', 'two'], 'granted', true],
    ['of a scope that nobody has used', 'one', [], 'first use', true],
    ['of a server that came to a scope in use', 'two', ['one'], 'new', false],
    ['without a shield, of a scope that nobody has used', 'bare', [], 'unshielded', false],
    ['without a shield that nobody has approved', 'bare', ['one'], 'unshielded', false],
    ['without a shield that somebody has approved', 'bare', ['bare'], 'granted', true],
  ] as const)('%s', (_name, id, before, verdict, allowed) => {
    const said = verdictOn(server(id), config, granted(...before))

    expect(said).toBe(verdict)
    expect(isAllowed(said)).toBe(allowed)
  })

  test('that has changed is neither new nor granted', () => {
    const changed = configOf('{ id: one, command: other, auth_scope: gh }')

    const verdict = verdictOn(server('one', changed), changed, granted('one', 'two'))

    expect(verdict).toBe('changed')
    expect(isAllowed(verdict)).toBe(false)
  })
})
