import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSocketProof, makeSocketProof, readSocketProof } from '../../../src/base/socket-proof.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcplexer-proof-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the proof is made once, for us alone, and nothing else is one', () => {
  makeSocketProof(folder)
  const made = readFileSync(join(folder, 'proof'), 'utf8')
  makeSocketProof(folder)

  expect(readFileSync(join(folder, 'proof'), 'utf8')).toBe(made)
  expect(statSync(join(folder, 'proof')).mode & 0o777).toBe(0o600)
  expect(isSocketProof(folder, made.trim())).toBe(true)
  expect(isSocketProof(folder, '')).toBe(false)
  expect(isSocketProof(folder, 'A'.repeat(43))).toBe(false)
})

test('without a file, or with an empty one, nothing is a proof', () => {
  expect(isSocketProof(folder, '')).toBe(false)

  writeFileSync(join(folder, 'proof'), '')

  expect(isSocketProof(folder, '')).toBe(false)
})

test('a proof that was made empty is made anew by whoever listens next', () => {
  writeFileSync(join(folder, 'proof'), '')

  makeSocketProof(folder)

  expect(isSocketProof(folder, readSocketProof(folder) ?? '')).toBe(true)
})
