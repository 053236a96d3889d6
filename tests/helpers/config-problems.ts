import { type Config, ConfigError, parseConfig } from '../../src/config/index.ts'

export function parse(text: string | Uint8Array): Config {
  return parseConfig(typeof text === 'string' ? new TextEncoder().encode(text) : text, '/x/mcplexer.yaml')
}

export function errorOf(text: string | Uint8Array): ConfigError {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('it was accepted')
}

/** `line:column: message` of each; none when the file is accepted. */
export function problemsOf(text: string): string[] {
  try {
    parse(text)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)
  }
}
