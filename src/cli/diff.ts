/** A server writes what is compared: more pairs of lines would take all memory. */
const MAX_PAIRS = 4_000_000

/**
 * Pure: the lines of both texts, those only in one of them with `-` or `+` in front, the shortest way. '' has none. Of
 * very many that differ those of one text stand behind all of the other.
 */
export function lineDiff(before: string, after: string): string[] {
  const [old, fresh] = [linesOf(before), linesOf(after)]
  const head = sameInFront(old, fresh)
  const tail = sameInFront(old.slice(head).reverse(), fresh.slice(head).reverse())
  const [oldPart, freshPart] = [old, fresh].map((lines) => lines.slice(head, lines.length - tail))
  return [
    ...old.slice(0, head).map((line) => `  ${line}`),
    ...differing(oldPart ?? [], freshPart ?? []),
    ...old.slice(old.length - tail).map((line) => `  ${line}`),
  ]
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.split('\n')
}

function sameInFront(old: readonly string[], fresh: readonly string[]): number {
  const at = old.findIndex((line, index) => line !== fresh[index])
  return at === -1 ? old.length : at
}

function differing(old: readonly string[], fresh: readonly string[]): string[] {
  if (old.length * fresh.length > MAX_PAIRS)
    return [...old.map((line) => `- ${line}`), ...fresh.map((line) => `+ ${line}`)]
  const common = commonLengths(old, fresh)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < fresh.length) {
    const keep = lengthAt(common, i, j)
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push(`  ${old[i]}`)
      i++
      j++
    } else if (j >= fresh.length || (i < old.length && lengthAt(common, i + 1, j) === keep))
      lines.push(`- ${old[i++]}`)
    else lines.push(`+ ${fresh[j++]}`)
  }
  return lines
}

/** Of the longest common part of what is left from each pair of places on. */
function commonLengths(old: readonly string[], fresh: readonly string[]): number[][] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Array<number>(fresh.length + 1).fill(0))
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      const row = lengths[i] as number[]
      row[j] =
        old[i] === fresh[j]
          ? 1 + lengthAt(lengths, i + 1, j + 1)
          : Math.max(lengthAt(lengths, i + 1, j), lengthAt(lengths, i, j + 1))
    }
  }
  return lengths
}

function lengthAt(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0
}
