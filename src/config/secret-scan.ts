import type { Scalar } from 'yaml'
import type { ConfigProblem } from './config-error.ts'
import { holdsNamedSecret, isSecretName, looksRandom } from './named-secret.ts'
import { SECRET_SHAPES } from './secret-shapes.ts'
import type { YamlSource } from './source.ts'

/** On the line of a false positive. */
const ALLOW_COMMENT = '# mcplexer:allow-secret'

const LONE_FLAG = /^--?([A-Za-z][\w-]*)$/
const HINT = `take it out and seal it: mcplexer secret put SCOPE KEY; for an argument use sh -c 'exec server --token "$TOKEN"' (then every local user can see it); a false alarm is silenced by \`${ALLOW_COMMENT}\` on its line`

/** Pure: finds what looks like a credential, in values, keys and comments. Says which kind and where, never what. */
export function scanForSecrets(source: YamlSource): ConfigProblem[] {
  const lines = source.text.split('\n')
  const problems = [...scanLines(lines), ...source.scalars().flatMap((scalar) => scanScalar(source, scalar))]
  const seen = new Set<number>()
  return problems.filter(({ line }) => {
    const isNew = !seen.has(line) && !lines[line - 1]?.includes(ALLOW_COMMENT)
    seen.add(line)
    return isNew
  })
}

/** Whether a text must not be repeated in a message. */
export function looksLikeSecret(text: string): boolean {
  return credentialKind(text) !== null || looksRandom(text)
}

/** Comments are committed too; and a match in the raw line has the exact column. */
function scanLines(lines: readonly string[]): ConfigProblem[] {
  return lines.flatMap((text, index) => {
    const found = shapeIn(text)
    if (found !== undefined) {
      const [name, shape] = found
      return [problem({ line: index + 1, column: text.search(shape) + 1 }, withArticle(name))]
    }
    const comment = /(^|\s)#/.exec(text)
    if (comment === null || !holdsNamedSecret(text.slice(comment.index))) return []
    return [problem({ line: index + 1, column: comment.index + 1 }, 'a secret in a comment')]
  })
}

function scanScalar(
  source: YamlSource,
  { node, key, previous }: { node: Scalar; key: string | null; previous: string | null },
): ConfigProblem[] {
  const value = String(node.value)
  const found = credentialKind(value) ?? namedSecret(value, key, previous)
  return found === null ? [] : [problem(source.positionAt(node.range?.[0] ?? 0), found)]
}

/**
 * Pure: such as `a GitHub token`, or null when the text has no shape of a known credential. A folded or escaped
 * scalar shows its shape only once it is read.
 */
export function credentialKind(text: string): string | null {
  const name = shapeIn(text)?.[0]
  return name === undefined ? null : withArticle(name)
}

/** By `test` and not by `exec`: the runtime compiles each shape once for each of the two. */
function shapeIn(text: string) {
  return SECRET_SHAPES.find(([, shape]) => shape.test(text))
}

function withArticle(name: string): string {
  return `${/^([aeio]|npm)/i.test(name) ? 'an' : 'a'} ${name}`
}

function namedSecret(value: string, key: string | null, previous: string | null): string | null {
  if (key !== null && isSecretName(key) && looksRandom(value))
    return 'a random value under a secret-looking name'
  if (holdsNamedSecret(value)) return 'a random value after a secret-looking name'
  const flag = previous === null ? undefined : LONE_FLAG.exec(previous)?.[1]
  return flag !== undefined && isSecretName(flag) && looksRandom(value) ? 'a secret in an argument' : null
}

function problem(position: { line: number; column: number }, what: string): ConfigProblem {
  return { ...position, message: `this looks like ${what}; secrets do not belong in this file`, hint: HINT }
}
