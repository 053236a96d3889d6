/** Each `NAME=value` up to `--` becomes a variable of the program that follows. */
const EXPORT = 'while [ "$1" != -- ]; do export "$1"; shift; done; shift; exec "$@"'

/**
 * The command line that sets these variables behind the shield: in front of it the shell, bubblewrap and we ourselves
 * would run the code that some of them name.
 */
export function withVariables(
  variables: Readonly<Record<string, string>>,
  command: readonly string[],
): string[] {
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  if (settings.length === 0) return [...command]
  return ['/bin/sh', '-c', EXPORT, 'mcplexer-variables', ...settings, '--', ...command]
}
