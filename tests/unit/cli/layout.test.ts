import { expect, test } from 'bun:test'
import { columns, folded, wrap } from '../../../src/cli/layout.ts'

const ROWS = [
  ['KEY', 'WHERE'],
  ['A', 'one two three four five six'],
  ['LONGER', '/a/path'],
]

test('columns are as wide as their longest cell', () => {
  expect(columns(ROWS, null)).toBe('KEY     WHERE\nA       one two three four five six\nLONGER  /a/path')
})

test('the last column wraps between words', () => {
  expect(columns(ROWS, 32)).toBe('KEY     WHERE\nA       one two three four five\n        six\nLONGER  /a/path')
})

test('where columns do not fit, rows stand below each other and nothing is cut', () => {
  expect(columns(ROWS, 16)).toBe('KEY\n  WHERE\nA\n  one two three\n  four five six\nLONGER\n  /a/path')
})

test('wide characters count as two columns', () => {
  expect(
    columns(
      [
        ['日本', 'x'],
        ['abcd', 'y'],
      ],
      null,
    ),
  ).toBe('日本  x\nabcd  y')
})

test('a word that is longer than the line stays whole, as it may be a path to copy', () => {
  expect(wrap('see /a/very/long/path now', 8)).toEqual(['see', '/a/very/long/path', 'now'])
})

test('no rows give no lines', () => {
  expect(columns([], 80)).toBe('')
})

test('messages fold between words, and nothing that is laid out or to be pasted is touched', () => {
  const message =
    'mcplexer: hint: `mcplexer tools list` shows them\n  - id: laid-out-already here\nmcplexer secret put SCOPE KEY'

  expect(folded(message, 30)).toBe(
    'mcplexer: hint:\n  `mcplexer tools list` shows\n  them\n  - id: laid-out-already here\nmcplexer secret put SCOPE KEY',
  )
  expect(folded(message, null)).toBe(message)
})
