import type { ConfigProblem } from './config-error.ts'
import { entriesOf, type Fields, isFields, textOf } from './cross-checks.ts'
import type { YamlSource } from './source.ts'

/** A bare name and more; a path may have blanks. */
const PROGRAM_AND_ARGUMENTS = /^[^\s/\\]+\s+\S/
export const COMMAND_HINT =
  'write the program alone, and its arguments as a list: `command: npx`, `args: ["-y", "some-package"]`'

/** Pure: servers that could never start. Works on the file as it stands, as `crossProblems` does. */
export function impossibleIn(file: unknown, source: YamlSource): ConfigProblem[] {
  const isShieldRequired = isFields(file) && file['require_shield'] === true
  return entriesOf(file, 'downstream_servers').flatMap((server, index) => {
    const at = (field: string, message: string, hint: string): ConfigProblem =>
      source.problemAt(['downstream_servers', index, field], message, hint)
    const isWhole = PROGRAM_AND_ARGUMENTS.test(textOf(server, 'command') ?? '')
    const wholeLine = 'this is a program and its arguments in one text'
    return [
      ...(isWhole ? [at('command', wholeLine, COMMAND_HINT)] : []),
      ...contradictions(server, isShieldRequired).map(([message, hint]) => at('shield', message, hint)),
    ]
  })
}

function contradictions(server: Fields, isShieldRequired: boolean): [message: string, hint: string][] {
  if (server['shield'] !== 'off') return []
  const { network = 'all' } = server
  const limited = 'only a shield can limit `network`, and here it is off: this server could never start'
  const required = '`require_shield: true` stands at the top, and here it is off: this server could never start'
  return [
    ...(network === 'all' ? [] : [[limited, 'take out `shield: off` or `network`'] as [string, string]]),
    ...(isShieldRequired ? [[required, 'take out `shield: off` or `require_shield`'] as [string, string]] : []),
  ]
}
