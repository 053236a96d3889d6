import { expect, test } from 'bun:test'
import { visible, visibleLine } from '../../../src/base/visible.ts'

test('control, ANSI, bidi, zero-width and line separator characters are shown, not obeyed', () => {
  const hostile = 'a\u001b[31m\u0007\u202e\u200b\u2028\u009b\rz'

  expect(visible(hostile)).toBe('a\\u{1b}[31m\\u{7}\\u{202e}\\u{200b}\\u{2028}\\u{9b}\\u{d}z')
})

test('a text keeps its lines, a line does not: a path cannot pass itself off as a message of ours', () => {
  expect(visible('one\n\ttwo')).toBe('one\n\ttwo')
  expect(visibleLine('x\nmcplexer: error: y')).toBe('x\\u{a}mcplexer: error: y')
})

test('letters of all scripts and emoji stay', () => {
  expect(visible('grüße 日本 שלום 😀')).toBe('grüße 日本 שלום 😀')
})
