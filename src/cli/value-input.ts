import { closeSync, openSync } from 'node:fs'
import { hostEnvironment, readDescriptor, Secret, systemReason } from '../base/index.ts'
import { CliError } from './cli-error.ts'
import { askSecret, isInteractive } from './prompt.ts'

/** Well above what the vault takes, so that it is the vault that refuses; and an end for `/dev/zero`. */
const MAX_READ_BYTES = 1024 * 1024
const NEWLINE = 0x0a

interface ValueSource {
  readonly argument: string | undefined
  readonly file: string | undefined
  readonly variable: string | undefined
}

/** Whether the value has to be asked for. */
export function isAsked({ argument, file, variable }: ValueSource): boolean {
  return isInteractive() && (argument ?? file ?? variable) === undefined
}

/**
 * The value, from where the user has it. A file is taken byte for byte; of stdin one `\n` at the end is dropped, as
 * programs print it. Throws CLI_USAGE when two places are named, CLI_VALUE_UNREADABLE, CLI_CANCELLED; no message
 * repeats an argument, since one in the wrong place may be the value.
 */
export async function readValue(source: ValueSource, question: string): Promise<Secret> {
  const named = [source.argument, source.file, source.variable].filter((place) => place !== undefined)
  if (named.length > 1)
    throw new CliError('CLI_USAGE', 'the value comes from one place: VALUE, --from-file or --from-env')
  if (source.argument !== undefined) return fromText(source.argument, 'the argument')
  if (source.file !== undefined) return fromFile(source.file)
  if (source.variable !== undefined) return fromVariable(source.variable)
  return notEmpty(await (isInteractive() ? askSecret(question) : fromStdin()))
}

/** Enter at once, or a closed stdin, is a slip; who means it says so. */
function notEmpty(value: Secret): Secret {
  if (value.byteLength > 0) return value
  throw new CliError('CLI_VALUE_UNREADABLE', 'no value was given; nothing was changed', {
    hint: "an empty value on purpose: mcplexer secret put SCOPE KEY ''",
  })
}

function fromFile(path: string): Secret {
  try {
    return new Secret(readUpTo(path, MAX_READ_BYTES))
  } catch (error) {
    const message = `the file of --from-file cannot be read: ${systemReason(error)}`
    throw new CliError('CLI_VALUE_UNREADABLE', message, {
      hint: 'check its path and who may read it',
    })
  }
}

function readUpTo(path: string, maxBytes: number): Uint8Array {
  const file = openSync(path, 'r')
  try {
    return readDescriptor(file, maxBytes)
  } finally {
    closeSync(file)
  }
}

function fromVariable(name: string): Secret {
  const value = hostEnvironment()[name]
  if (value !== undefined) return fromText(value, 'the variable')
  throw new CliError('CLI_VALUE_UNREADABLE', 'there is no environment variable of this name', {
    hint: 'give its name, without $, and export it first',
  })
}

/** The runtime has already put U+FFFD in the place of bytes that are not UTF-8: the value would not be the same. */
function fromText(text: string, place: string): Secret {
  if (!text.includes('\ufffd')) return Secret.fromText(text)
  throw new CliError('CLI_VALUE_UNREADABLE', `${place} is not valid UTF-8`, {
    hint: 'put binary data in as base64 text',
  })
}

async function fromStdin(): Promise<Secret> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of Bun.stdin.stream()) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_READ_BYTES) break
  }
  const bytes = Buffer.concat(chunks)
  for (const chunk of chunks) chunk.fill(0)
  return new Secret(bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes)
}
