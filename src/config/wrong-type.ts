import type { z } from 'zod'
import type { ConfigProblem } from './config-error.ts'
import { COMMAND_HINT } from './impossible.ts'
import type { YamlSource } from './source.ts'

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping of names to text',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
}
/** How to write it, by the key that it stands under. */
const SHAPES: Readonly<Record<string, string>> = {
  downstream_servers: 'write `- id: github` where `github:` stands',
  auth_scopes: 'write `- id: github-token` where `github-token:` stands',
  keys: 'write `keys: [{ name: GITHUB_TOKEN }]`',
  args: 'write `args: ["-y", "some-package"]`',
  env: 'write `env: { LOG_LEVEL: info }`',
}
const UNITS: Readonly<Record<string, string>> = { sec: 'seconds', min: 'minutes', days: 'days' }
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 }
const DURATION = /^(\d{1,6}) ?(s|m|min|h|d|)$/i

/** Something of another type than the schema wants, or nothing at all. Never quotes the file. */
export function wrongType(
  issue: z.core.$ZodIssueInvalidType,
  file: unknown,
  source: YamlSource,
): ConfigProblem {
  const { path, expected } = issue
  const field = path.at(-1)
  if (typeof field === 'string' && !source.has(path)) return source.problemAt(path, `\`${field}\` is missing`)
  const message = `expected ${unitOf(field) ?? TYPE_NAMES[expected] ?? expected}`
  return source.problemAt(path, message, hintOf(issue, valueAt(file, path)))
}

export function valueAt(holder: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    holder,
  )
}

/** The unit that the name of the field ends with. */
function unitOf(field: PropertyKey | undefined): string | null {
  const unit = UNITS[String(field).split('_').at(-1) ?? '']
  return unit === undefined ? null : `a whole number of ${unit}, without a unit`
}

function hintOf({ path, expected }: z.core.$ZodIssueInvalidType, value: unknown): string | undefined {
  if (path.at(-1) === 'command' && Array.isArray(value)) return COMMAND_HINT
  if (expected === 'string') return 'put a number, true, false or null in quotes'
  if (expected === 'object' && path.at(-2) === 'keys') return 'an entry is written `- name: GITHUB_TOKEN`'
  if (expected === 'object' && path.length === 2)
    return 'an entry is written `- id: NAME`, with its other keys below'
  if (expected === 'object' && path.length === 0)
    return 'the file begins with `downstream_servers:` or `auth_scopes:`'
  const field = String(path.at(-1))
  return field.endsWith('_sec') ? inSeconds(field, value) : SHAPES[field]
}

function inSeconds(field: string, value: unknown): string | undefined {
  const [, amount, unit = ''] = DURATION.exec(typeof value === 'string' ? value : '') ?? []
  if (amount === undefined) return undefined
  return `write \`${field}: ${Number(amount) * (SECONDS[unit.toLowerCase()] ?? 1)}\``
}
