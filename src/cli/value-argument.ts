const PUT_OPTIONS_WITH_VALUE = ['--config', '--from-file', '--from-env']
/** Any of them, ours or not: what no credential looks like is a slip and not a value. */
const OPTION = /^(-[a-z]|--[a-z][a-z0-9-]*(=.*)?)$/s

/**
 * Pure: argv of `secret put` with its words behind a `--`, so that a VALUE that begins with a dash (every PEM does) is
 * a value and not an option. Options may stand anywhere before a `--`. What looks like an option stays one, to be
 * refused: `--from-fle x` and `--dry-run` must not become the value. All other argv comes back as it is.
 */
export function separateValue(args: readonly string[]): string[] {
  if (args[0] !== 'secret' || args[1] !== 'put') return [...args]
  const options: string[] = []
  const words: string[] = []
  const rest = args.slice(2)
  const rawFrom = rest.indexOf('--')
  const end = rawFrom === -1 ? rest.length : rawFrom
  for (let index = 0; index < end; index++) {
    const word = rest[index] ?? ''
    if (!OPTION.test(word)) words.push(word)
    else if (PUT_OPTIONS_WITH_VALUE.includes(word))
      options.push(...rest.slice(index, Math.min(++index + 1, end)))
    else options.push(word)
  }
  return ['secret', 'put', ...options, '--', ...words, ...rest.slice(end + 1)]
}
