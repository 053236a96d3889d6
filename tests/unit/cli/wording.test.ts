import { expect, test } from 'bun:test'
import { ageOf, counted, shortRecipient } from '../../../src/cli/wording.ts'

const MINUTE = 60_000

test.each([
  ['the future, when the clock went back', -5 * MINUTE, 'just now'],
  ['no number', Number.NaN, 'just now'],
  ['59 seconds', 59_000, 'just now'],
  ['an hour less a moment', 60 * MINUTE - 1, '59 min ago'],
  ['a day less a moment', 24 * 60 * MINUTE - 1, '23 h ago'],
  ['a day', 24 * 60 * MINUTE, '1 day ago'],
  ['400 days', 400 * 24 * 60 * MINUTE, '400 days ago'],
])('%s', (_age, ms, words) => {
  expect(ageOf(1_000_000_000_000 - ms, 1_000_000_000_000)).toBe(words)
})

test('one is singular, none and many are not', () => {
  expect([0, 1, 2, 1000].map((count) => counted(count, 'key'))).toEqual([
    '0 keys',
    '1 key',
    '2 keys',
    '1,000 keys',
  ])
})

test('a hybrid recipient is shortened, a classical one is not', () => {
  expect(shortRecipient(`age1${'q'.repeat(58)}`)).toHaveLength(62)
  expect(shortRecipient(`age1pq1${'q'.repeat(1952)}`)).toHaveLength(61)
})
