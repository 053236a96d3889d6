import type { Scalar } from 'yaml'
import type { ConfigProblem } from './config-error.ts'
import { SECRET_SHAPES } from './secret-shapes.ts'
import type { YamlSource } from './source.ts'

/** On the line of a false positive. */
export const ALLOW_COMMENT = '# mcplexer:allow-secret'

const SECRET_NAME =
  /(token|secret|passw(or)?d|passphrase|api_?-?key|access_?-?key|private_?-?key|credential|bearer|^auth$|_auth$)/i
const SECRET_FLAG = /^--?([A-Za-z][\w-]*)(=(.*))?$/s
/** Keys of our own that sound like it. */
const STRUCTURE = new Set(['auth_scope', 'auth_scopes'])
const MIN_LENGTH = 8
const MIN_BITS = 24
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

/** Comments are committed too; and a match in the raw line has the exact column. */
function scanLines(lines: readonly string[]): ConfigProblem[] {
  return lines.flatMap((text, index) => {
    for (const [name, shape] of SECRET_SHAPES) {
      const match = shape.exec(text)
      if (match !== null) return [problem({ line: index + 1, column: match.index + 1 }, `a ${name}`)]
    }
    return []
  })
}

function scanScalar(
  source: YamlSource,
  { node, key, previous }: { node: Scalar; key: string | null; previous: string | null },
): ConfigProblem[] {
  const value = String(node.value)
  const found = shapeOf(value) ?? namedSecret(value, key, previous)
  return found === null ? [] : [problem(source.positionAt(node.range?.[0] ?? 0), found)]
}

/** A folded or escaped scalar shows its shape only once it is read. */
function shapeOf(value: string): string | null {
  const hit = SECRET_SHAPES.find(([, shape]) => shape.test(value))
  return hit === undefined ? null : `a ${hit[0]}`
}

function namedSecret(value: string, key: string | null, previous: string | null): string | null {
  if (key !== null && isSecretName(key) && looksRandom(value))
    return `a random value under a secret-looking name`
  const flag = SECRET_FLAG.exec(value)
  if (flag?.[3] !== undefined && isSecretName(flag[1] ?? '') && looksRandom(flag[3]))
    return 'a secret in an argument'
  const before = previous === null ? null : SECRET_FLAG.exec(previous)
  if (before?.[1] !== undefined && before[2] === undefined && isSecretName(before[1]) && looksRandom(value)) {
    return 'a secret in an argument'
  }
  return null
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !STRUCTURE.has(name)
}

/** Not a reference, a placeholder, a path, an address or plain words; enough letters and digits in disorder. */
function looksRandom(value: string): boolean {
  if (value.length < MIN_LENGTH || /\s/.test(value)) return false
  if (/^(\$|<|%|\{\{|~?\.{0,2}\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(value)) return false
  if (/^(x+|\*+|your|change|example|placeholder|dummy|true|false|null)/i.test(value)) return false
  const hasDisorder =
    /\d/.test(value) || (/[a-z]/.test(value) && /[A-Z]/.test(value)) || /[^A-Za-z0-9_.-]/.test(value)
  return hasDisorder && entropyBits(value) >= MIN_BITS
}

/** Shannon entropy of the whole text. */
function entropyBits(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let perCharacter = 0
  for (const count of counts.values()) perCharacter -= (count / text.length) * Math.log2(count / text.length)
  return perCharacter * text.length
}

function problem(position: { line: number; column: number }, what: string): ConfigProblem {
  return { ...position, message: `this looks like ${what}; secrets do not belong in this file`, hint: HINT }
}
