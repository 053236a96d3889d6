import type { Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { digestOf, systemCode } from '../base/index.ts'
import type { Config } from './config.ts'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { crossProblems } from './cross-checks.ts'
import { doubtfulIn } from './doubtful.ts'
import { impossibleIn } from './impossible.ts'
import { configOf } from './resolved.ts'
import { fileSchema } from './schema.ts'
import { problemsOf } from './schema-problems.ts'
import { scanForSecrets } from './secret-scan.ts'
import { MAX_BYTES, TOO_LARGE, YamlSource } from './source.ts'

/** Throws ConfigError: CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_INVALID or CONFIG_SECRET_FOUND. */
export async function loadConfig(path: string): Promise<Config> {
  return parseConfig(await readConfigFile(path), path)
}

interface CheckedConfig {
  readonly config: Config
  /** What is allowed, and hardly what was meant. */
  readonly warnings: readonly ConfigProblem[]
}

/** The same, for who looks at the file and not only uses it. Throws as `loadConfig`. */
export async function checkConfig(path: string): Promise<CheckedConfig> {
  return checked(await readConfigFile(path), path)
}

/** Throws ConfigError: CONFIG_MISSING, CONFIG_UNREADABLE, or CONFIG_INVALID when it is too large. */
export async function readConfigFile(path: string): Promise<Uint8Array> {
  try {
    const about = await stat(path)
    if (!about.isFile()) throw unreadable(path, 'it is not a regular file', `ls -ld '${path}'`)
    if (isWritableByAll(about)) {
      throw unreadable(path, 'everybody can write to it, and it says what is run as you', `chmod o-w '${path}'`)
    }
    if (about.size > MAX_BYTES) {
      throw new ConfigError('CONFIG_INVALID', path, [{ line: 1, column: 1, message: TOO_LARGE }])
    }
    return await readFile(path)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    if (systemCode(error) !== 'ENOENT') throw unreadable(path, 'the file cannot be read', `chmod u+r '${path}'`)
    throw new ConfigError('CONFIG_MISSING', path, [
      { line: 1, column: 1, message: 'there is no such file', hint: 'mcplexer init' },
    ])
  }
}

/** A group may: many systems give each user a group of their own, and a team may share a checkout. */
function isWritableByAll({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & 0o002) !== 0
}

function unreadable(path: string, message: string, hint: string): ConfigError {
  return new ConfigError('CONFIG_UNREADABLE', path, [{ line: 1, column: 1, message, hint }])
}

/**
 * Finds all problems before it throws CONFIG_INVALID or CONFIG_SECRET_FOUND, but for a file that is no YAML at
 * all. An empty file is a configuration without servers.
 */
export function parseConfig(bytes: Uint8Array, path: string): Config {
  return checked(bytes, path).config
}

function checked(bytes: Uint8Array, path: string): CheckedConfig {
  const source = YamlSource.parse(bytes, path)
  const secrets = scanForSecrets(source)
  const file = source.toJs()
  const parsed = fileSchema.safeParse(file, { reportInput: false })
  const issues = parsed.success ? [] : parsed.error.issues
  const invalid = [
    ...issues.flatMap((issue) => problemsOf(issue, file, source)),
    ...crossProblems(file, source),
    ...impossibleIn(file, source),
  ]
  if (secrets.length > 0) throw new ConfigError('CONFIG_SECRET_FOUND', path, [...secrets, ...invalid])
  if (invalid.length > 0 || !parsed.success) throw new ConfigError('CONFIG_INVALID', path, invalid)
  return { config: configOf(parsed.data, digestOf(bytes), path), warnings: doubtfulIn(parsed.data, source) }
}
