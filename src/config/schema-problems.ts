import type { z } from 'zod'
import { ID, nearest, VARIABLE_NAME } from '../base/index.ts'
import type { ConfigProblem } from './config-error.ts'
import { NOT_SUPPORTED_YET, OF_OTHER_GATEWAYS, OTHER_NAMES, SECRET_KEYS } from './other-names.ts'
import { knownKeysOf } from './schema.ts'
import { looksLikeSecret } from './secret-scan.ts'
import type { YamlSource } from './source.ts'
import { valueAt, wrongType } from './wrong-type.ts'

const SERVER_LIST = `each server is an entry of the list:
  downstream_servers:
    - id: github
      command: npx`

const NETWORK = 'expected `all`, `none`, or a list of host names such as [api.github.com, "*.example.com:8443"]'

/** What the schema found, in words for people and with a place. Never quotes the file. */
export function problemsOf(issue: z.core.$ZodIssue, file: unknown, source: YamlSource): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(issue.path, key, file, source))
  if (issue.code === 'invalid_key')
    return issue.issues.map(({ message }) => source.problemAt(issue.path, message))
  if (issue.path[0] === 'downstream_servers' && issue.path[2] === 'network')
    return [source.problemAt(issue.path, NETWORK)]
  if (issue.code === 'invalid_type') return [wrongType(issue, file, source)]
  return [source.problemAt(issue.path, wordingOf(issue))]
}

function unknownKey(
  path: readonly PropertyKey[],
  key: string,
  file: unknown,
  source: YamlSource,
): ConfigProblem {
  const isScalar = typeof valueAt(file, [...path, key]) !== 'object'
  if (path[0] === 'auth_scopes' && isScalar && SECRET_KEYS.has(key.toLowerCase()))
    return secretInFile(path, key, file, source)
  const note = path[0] === 'downstream_servers' ? OF_OTHER_GATEWAYS.get(key.toLowerCase()) : undefined
  if (note !== undefined) return source.problemAtKey(path, key, `unknown key; ${note}`)
  if (NOT_SUPPORTED_YET.has(key)) return source.problemAtKey(path, key, `${key} is not supported yet`)
  const known = knownKeysOf(path)
  const name = OTHER_NAMES.get(key.toLowerCase())
  if (name !== undefined && known.includes(name)) {
    const hint = name === 'downstream_servers' ? SERVER_LIST : undefined
    return source.problemAtKey(path, key, `unknown key; it is called ${name} here`, hint)
  }
  const meant = nearest(key, known)
  const message = meant === null ? 'unknown key' : `unknown key; did you mean ${meant}?`
  const hint = meant === null ? `allowed here: ${known.join(', ')}` : undefined
  return source.problemAtKey(path, key, message, hint)
}

function secretInFile(
  path: readonly PropertyKey[],
  key: string,
  file: unknown,
  source: YamlSource,
): ConfigProblem {
  const scope = valueAt(file, path.slice(0, 2))
  const name = path.length > 2 ? valueAt(file, [...path, 'name']) : valueAt(scope, ['keys', 0, 'name'])
  const id = shown(valueAt(scope, ['id']), ID) ?? 'SCOPE'
  const command = `mcplexer secret put ${id} ${shown(name, VARIABLE_NAME) ?? 'KEY'}`
  const names = path.length > 2 ? '' : '; the names of its variables go under `keys`'
  const message = `values are never in this file; seal them with \`${command}\`${names}`
  return source.problemAtKey(path, key, message, command)
}

/** Text of the file goes into a message only as a name, and only when it cannot be a pasted credential. */
function shown(text: unknown, rule: RegExp): string | null {
  return typeof text === 'string' && rule.test(text) && !looksLikeSecret(text) ? text : null
}

function wordingOf(issue: z.core.$ZodIssue): string {
  const [section, , field, ...deeper] = issue.path
  if (section === 'auth_scopes' && field === 'type')
    return 'only type env works so far; header and oauth2 come later'
  if (section === 'downstream_servers' && field === 'transport')
    return 'only transport stdio works so far; http comes later'
  if (field === 'tool_namespace' && deeper.length === 0)
    return 'a namespace has at most 20 small letters, digits, and single `_` or `-` between them'
  if (field === 'pin') return 'expected on or off'
  if (issue.code === 'invalid_value') return `expected ${issue.values.map(String).join(' or ')}`
  if (issue.code === 'too_big') return `at most ${issue.maximum}`
  if (issue.code === 'too_small')
    return issue.origin === 'string' ? 'must not be empty' : `at least ${issue.minimum}`
  return issue.message
}
