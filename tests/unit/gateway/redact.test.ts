import { expect, test } from 'bun:test'
import { maskValues } from '../../../src/gateway/redact.ts'

test('values are masked wherever they stand, the longest first, each line of one by itself', () => {
  const mask = maskValues(['token-123', 'token-123-long', 'line one\nline two'])

  expect(mask('x token-123-long y token-123 z')).toBe('x [secret] y [secret] z')
  expect(mask('got line two')).toBe('got [secret]')
  expect(mask('nothing')).toBe('nothing')
})
