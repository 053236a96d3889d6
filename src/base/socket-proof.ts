import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createExclusively, replaceAtomically } from './atomic-file.ts'
import { digestOf } from './digest.ts'
import { isRandomText, randomText } from './random-text.ts'

/**
 * What everybody says first at a socket of ours, on a line: the content of this file beside it, 0600. A server behind
 * Landlock can connect to any socket of its user, which no rule can forbid it, but read no file in our folder.
 */
const NAME = 'proof'

/**
 * Makes it in the folder of a socket, for who listens, when there is none, or one that a server has made empty, which
 * Landlock before Linux 6.2 cannot forbid it. Throws BASE_FILE_UNWRITABLE.
 */
export function makeSocketProof(folder: string): void {
  if (readSocketProof(folder) !== null) return
  const path = join(folder, NAME)
  const bytes = new TextEncoder().encode(`${randomText()}\n`)
  // somebody else may have made it meanwhile
  if (!createExclusively(path, bytes) && readSocketProof(folder) === null) replaceAtomically(path, bytes)
}

/** Without the end of the line. Null: there is none, and so nobody who listens. */
export function readSocketProof(folder: string): string | null {
  try {
    const text = readFileSync(join(folder, NAME), 'utf8').trim()
    return isRandomText(text) ? text : null
  } catch {
    return null
  }
}

/** Compared by digests, so that the time it takes tells nothing. */
export function isSocketProof(folder: string, said: string): boolean {
  const proof = readSocketProof(folder)
  return proof !== null && digestOf(said) === digestOf(proof)
}
