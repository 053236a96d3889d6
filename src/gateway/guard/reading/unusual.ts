import { isAscii } from 'node:buffer'
import type { Span } from '../../wire/json-span.ts'
import { latin1 } from './reading.ts'
import { CONTROLS, UNSEEN_CHARACTERS } from './unseen.ts'

/** With these a text can be spelt in more ways than patterns have. */
const ESCAPES = /\\[u/x]/g
const ESCAPE_STARTS = ['\\u', '\\/', '\\x']
/** Of `\u` escapes those of ASCII and of characters that nobody sees; all others are no part of a plain value. */
const ESCAPES_OF_PLAIN = /\\(?:[/x]|u(?:0[0678]|180[eE]|20[026]|[dD]8[0234]|[dD][bB]40|[fF][eEfF]))/g
const UNSEEN_IN_ASCII = new RegExp(CONTROLS, 'g')
const UNSEEN = new RegExp(UNSEEN_CHARACTERS, 'g')

/** For spans in order: whether what stands there has to be read at all its levels. */
interface UnusualPlaces {
  isWithin(span: Span): boolean
}

/** @param isPlain as in Matchers */
export function unusualPlaces(bytes: Uint8Array, isPlain: boolean): UnusualPlaces {
  const text = latin1(bytes)
  const all = [places(text, isAscii(bytes) ? UNSEEN_IN_ASCII : UNSEEN)]
  if (hasEscapes(bytes)) all.push(places(text, isPlain ? ESCAPES_OF_PLAIN : ESCAPES))
  return { isWithin: (span) => all.some((each) => each.isWithin(span)) }
}

/** How long an expression takes depends on the first text that it saw; this does not. */
function hasEscapes(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return ESCAPE_STARTS.some((start) => view.includes(start))
}

function places(text: string, expression: RegExp): UnusualPlaces {
  let next = -1
  return {
    isWithin({ start, end }) {
      if (next < start) {
        expression.lastIndex = start
        next = expression.test(text) ? expression.lastIndex - 1 : text.length
      }
      return next < end
    },
  }
}
