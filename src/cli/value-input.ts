import { readFileSync } from 'node:fs'
import { hostEnvironment, Secret } from '../base/index.ts'
import { CliError } from './cli-error.ts'
import { askSecret, isInteractive } from './prompt.ts'

export interface ValueSource {
  readonly argument: string | undefined
  readonly file: string | undefined
  readonly variable: string | undefined
}

/**
 * The value, from where the user has it. `--from-file` is byte exact; of stdin one newline at the end is dropped.
 * Throws CLI_USAGE when two places are named, CLI_VALUE_UNREADABLE, CLI_CANCELLED.
 */
export async function readValue(source: ValueSource, question: string): Promise<Secret> {
  const named = [source.argument, source.file, source.variable].filter((place) => place !== undefined)
  if (named.length > 1)
    throw new CliError('CLI_USAGE', 'the value comes from one place: VALUE, --from-file or --from-env')
  if (source.argument !== undefined) return Secret.fromText(source.argument)
  if (source.file !== undefined) return fromFile(source.file)
  if (source.variable !== undefined) return fromVariable(source.variable)
  return isInteractive() ? askSecret(question) : fromStdin()
}

function fromFile(path: string): Secret {
  try {
    return new Secret(new Uint8Array(readFileSync(path)))
  } catch {
    throw new CliError('CLI_VALUE_UNREADABLE', `${path} cannot be read`, {
      hint: 'check the path and who may read it',
    })
  }
}

function fromVariable(name: string): Secret {
  const value = hostEnvironment()[name]
  if (value !== undefined) return Secret.fromText(value)
  throw new CliError('CLI_VALUE_UNREADABLE', 'there is no environment variable of this name', {
    hint: 'give its name, without $, and export it first',
  })
}

async function fromStdin(): Promise<Secret> {
  const bytes = new Uint8Array(await Bun.stdin.arrayBuffer())
  return new Secret(bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes)
}
