import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { isCommand } from '../../../src/cli/layout.ts'

const SRC = new URL('../../../src/', import.meta.url).pathname
/** What follows a command in a sentence, and no argument of one. */
const GOES_ON = /, or |; [a-z]+ [a-z]+|\b(makes|opens|says|shows|prints)\b/

test('a hint that begins with a command is nothing else, as it is printed to be pasted', () => {
  const hints = [...new Bun.Glob('**/*.ts').scanSync(SRC)].flatMap((file) =>
    [...readFileSync(SRC + file, 'utf8').matchAll(/\bhint(?::| =)\s*(['`])(.*)\1/g)].map(
      ([, , text = '']) => text,
    ),
  )

  expect(hints.length).toBeGreaterThan(50)
  expect(hints.filter((hint) => isCommand(hint) && GOES_ON.test(hint))).toEqual([])
})
