import { isAscii } from 'node:buffer'
import { latin1, type Reading, Rewriting } from './reading.ts'

/** `ESC [ 31 m` and the like: a terminal shows none of it. ECMA-48, section 5.4. */
const TERMINAL_CODE = '\\x1b\\[[0-9;:]*[@-~]'
/** Those of ASCII. */
export const CONTROLS = '[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]'
/** Each character of the classes Cc and Cf but tab and line ends, as UTF-8. */
export const UNSEEN_CHARACTERS = [
  CONTROLS,
  '\\xc2[\\x80-\\x9f\\xad]',
  '\\xd8[\\x80-\\x85\\x9c]|\\xdb\\x9d|\\xdc\\x8f',
  '\\xe0(?:\\xa2[\\x90\\x91]|\\xa3\\xa2)|\\xe1\\xa0\\x8e',
  '\\xe2(?:\\x80[\\x8b-\\x8f\\xaa-\\xae]|\\x81[\\xa0-\\xa4\\xa6-\\xaf])',
  '\\xef(?:\\xbb\\xbf|\\xbf[\\xb9-\\xbb])',
  '\\xf0(?:\\x91(?:\\x82\\xbd|\\x83\\x8d)|\\x93\\x90[\\xb0-\\xbf]|\\x9b\\xb2[\\xa0-\\xa3]|\\x9d\\x85[\\xb3-\\xba])',
  '\\xf3\\xa0(?:\\x80[\\x81\\xa0-\\xbf]|\\x81[\\x80-\\xbf])',
].join('|')
const IN_ASCII = new RegExp(`${TERMINAL_CODE}|${CONTROLS}`, 'g')
const ANYWHERE = new RegExp(`${TERMINAL_CODE}|${UNSEEN_CHARACTERS}`, 'g')

/** The text without characters that nobody sees; null when there are none. */
export function withoutUnseen(text: Reading): Reading | null {
  let writing: Rewriting | null = null
  const each = isAscii(text.bytes) ? IN_ASCII : ANYWHERE
  for (const { 0: unseen, index } of latin1(text.bytes).matchAll(each)) {
    writing ??= new Rewriting(text)
    writing.replace(index, unseen.length)
  }
  return writing?.done() ?? null
}
