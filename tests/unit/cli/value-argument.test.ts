import { expect, test } from 'bun:test'
import { separateValue } from '../../../src/cli/value-argument.ts'

const put = (words: string) =>
  separateValue(['secret', 'put', ...words.split(' ')])
    .slice(2)
    .join(' ')

test.each([
  ['a value', 'S K v', '-- S K v'],
  ['D14: a value that begins with a dash', 'S K -----BEGIN', '-- S K -----BEGIN'],
  ['a token that begins with dashes', 'S K --Ab9_x', '-- S K --Ab9_x'],
  ['a number below zero', 'S K -4', '-- S K -4'],
  ['a lone dash', 'S K -', '-- S K -'],
  ['options behind', 'S K --from-file f --config c', '--from-file f --config c -- S K'],
  ['options in front', '--config=c S K v', '--config=c -- S K v'],
  ['an option without its word is left to the parser', 'S K --from-file', '--from-file -- S K'],
  [
    'a word that looks like an option belongs to the one before',
    'S K --from-file --config',
    '--from-file --config -- S K',
  ],
  ['everything behind -- is raw', '--config c S K -- --from-file', '--config c -- S K --from-file'],
  ['a misspelt option is refused by the parser, and is no value', 'S K --from-fle=x', '--from-fle=x -- S K'],
  ['so is one that there is not', 'S K --from-stdin', '--from-stdin -- S K'],
  ['so is what only looks like one', 'S K --dash', '--dash -- S K'],
  ['with a word behind it too', 'S K --abc=1', '--abc=1 -- S K'],
  ['or of one letter', 'S K -f', '-f -- S K'],
  ['so is one of other commands', 'S K --json', '--json -- S K'],
])('%s', (_promise, words, expected) => {
  expect(put(words)).toBe(expected)
})

test('other commands are left alone', () => {
  expect(separateValue(['secret', 'get', 'S', '-x'])).toEqual(['secret', 'get', 'S', '-x'])
})
