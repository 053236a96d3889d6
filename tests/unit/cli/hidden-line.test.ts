import { expect, test } from 'bun:test'
import { HiddenLine } from '../../../src/cli/hidden-line.ts'

const paste = (text: string) => `\u001b[200~${text}\u001b[201~`

/** Feeds until the line ends; null when it was cancelled, or when it never ended. */
function typed(text: string): { value: string; lines: number } | null {
  const line = new HiddenLine()
  for (const byte of new TextEncoder().encode(text)) {
    const state = line.feed(byte)
    if (state === 'cancelled') return null
    if (state === 'done') return { lines: line.lineCount, value: new TextDecoder().decode(line.take()) }
  }
  return null
}

test.each([
  ['Enter ends the line', 'abc\r', 'abc'],
  ['an empty line is an empty value', '\r', ''],
  ['Backspace takes a whole character', 'aé😀\u007f\u007fb\r', 'ab'],
  ['Backspace at the start does nothing', '\u007f\bx\r', 'x'],
  ['Ctrl-U starts anew', 'wrong\u0015right\r', 'right'],
  ['Ctrl-D ends what was typed', 'abc\u0004', 'abc'],
  [
    'arrows, function keys and Alt are not part of the value',
    'a\u001b[D\u001b[1;5Cb\u001bOPc\u001b[3~\u001bxd\r',
    'abcd',
  ],
  ['other control characters are not either', 'a\u001a\u0001b\r', 'ab'],
  ['a tab is', 'a\tb\r', 'a\tb'],
])('%s', (_promise, keys, value) => {
  expect(typed(keys)?.value).toBe(value)
})

test('D14: a pasted text of several lines is taken whole, its line breaks as \\n', () => {
  expect(typed(`${paste('one\rtwo\r\nthree\r')}\r`)).toEqual({ value: 'one\ntwo\nthree\n', lines: 3 })
})

test('a line break behind a single pasted line is a slip of the copying', () => {
  expect(typed(`${paste('token\r')}\r`)?.value).toBe('token')
})

test('what looks like a key stays as it is inside a paste', () => {
  expect(typed(`${paste('a\u0003b\u001b[Dc\u007f')}\r`)?.value).toBe('a\u0003b\u001b[Dc\u007f')
})

test.each([
  ['Ctrl-C', 'abc\u0003'],
  ['Ctrl-C behind a lone Escape', 'abc\u001b\u0003'],
  ['Ctrl-D on an empty line', '\u0004'],
])('%s cancels', (_key, keys) => {
  expect(typed(keys)).toBeNull()
})

test('a long value grows, and the line holds nothing of it afterwards', () => {
  const line = new HiddenLine()
  for (let index = 0; index < 100_000; index++) line.feed(0x61)

  expect(line.take()).toEqual(new Uint8Array(100_000).fill(0x61))
  expect(line.take().length).toBe(0)
})
