import { describe, expect, test } from 'bun:test'
import { lineDiff } from '../../../src/cli/diff.ts'

const lines = (count: number, name: string) => Array.from({ length: count }, (_, n) => `${name} ${n}`)

describe('the difference of two texts', () => {
  test.each([
    ['a\nb\nc', 'a\nx\nc', ['  a', '- b', '+ x', '  c']],
    ['', 'a', ['+ a']],
    ['a', '', ['- a']],
    ['a\nb', 'b\na', ['- a', '  b', '+ a']],
    ['a\na', 'a\na\na', ['  a', '  a', '+ a']],
  ])('of %j and %j is the shortest', (before, after, expected) => {
    expect(lineDiff(before, after)).toEqual(expected)
  })

  test('of very long ones has all lines of both, and takes neither time nor memory that grow with their product', () => {
    const [old, fresh] = [lines(50_000, 'old'), lines(50_000, 'new')]
    const started = performance.now()

    const diff = lineDiff(['same', ...old, 'end'].join('\n'), ['same', ...fresh, 'end'].join('\n'))

    expect(performance.now() - started).toBeLessThan(2000)
    expect(diff).toEqual([
      '  same',
      ...old.map((line) => `- ${line}`),
      ...fresh.map((line) => `+ ${line}`),
      '  end',
    ])
  })
})
