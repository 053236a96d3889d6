import type { ConfigProblem } from './config-error.ts'
import type { ConfigFile } from './schema.ts'
import { looksLikeSecret } from './secret-scan.ts'
import type { YamlSource } from './source.ts'

/** `$NAME`, `${NAME}`, `${NAME:-default}` and, as VS Code has it, `${env:NAME}`. */
const REFERENCE = /\$(?:\{(?:env:)?([A-Za-z_]\w*)(?::?-[^}]*)?\}|([A-Za-z_]\w*))/
/** What follows `sh -c` is expanded by that shell. */
const SHELL_FLAG = /^-[a-z]*c$/
const NOT_EXPANDED = 'is not expanded: the server gets it as it is written'
const EXPAND_HINT =
  '`inherit_env: [NAME]` hands a variable of the host on; a secret goes into an auth scope: mcplexer secret put SCOPE NAME'

const HOME_HINT =
  'some servers read `~` themselves; for others write the path as seen from `cwd`, which is your home by default'

/**
 * Pure: what is allowed, and hardly what was meant: where a server is given what looks like the name of a variable
 * or like a path in the home, and stays as it is.
 */
export function doubtfulIn(file: ConfigFile, source: YamlSource): ConfigProblem[] {
  return file.downstream_servers.flatMap(({ args, env }, index) => {
    const at = (text: string, ...path: PropertyKey[]): ConfigProblem[] =>
      warningsOf(text, ['downstream_servers', index, ...path], source)
    return [
      ...args.flatMap((text, n) => (SHELL_FLAG.test(args[n - 1] ?? '') ? [] : at(text, 'args', n))),
      ...Object.entries(env).flatMap(([name, text]) => at(text, 'env', name)),
    ]
  })
}

function warningsOf(text: string, path: readonly PropertyKey[], source: YamlSource): ConfigProblem[] {
  if (text.startsWith('~/')) return [source.problemAt(path, `~ ${NOT_EXPANDED}`, HOME_HINT)]
  const [, braced, bare] = REFERENCE.exec(text) ?? []
  const name = braced ?? bare
  if (name === undefined) return []
  const shown = looksLikeSecret(name) ? 'a variable' : `$${name}`
  return [source.problemAt(path, `${shown} ${NOT_EXPANDED}`, EXPAND_HINT)]
}
