import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { TempHome } from '../helpers/temp-home.ts'

const lines = (count: number, line: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => line(n)).join('\n')

test.each([
  ['a long comment', `# ${'a-'.repeat(500_000)}`],
  ['a comment of token starts', `# ${'eyJ-'.repeat(250_000)}`],
  ['a comment of secret names', `# ${'token='.repeat(150_000)}`],
  ['a comment of addresses', `# ${'a://'.repeat(200_000)}`],
  ['a comment of spaces', `# --token${' '.repeat(900_000)}`],
  [
    'many faults of YAML at its end',
    `a:\n${'  - x\n'.repeat(150_000)}${'  b: 1\n   c: d\n c: 1\n'.repeat(20)}`,
  ],
  ['many keys', lines(60_000, (n) => `k${n}: 1`)],
  [
    'many bad values',
    `downstream_servers:\n- id: a\n  command: x\n  env:\n${lines(30_000, (n) => `    k${n}: 1`)}`,
  ],
])('D22: %s on nearly 1 MiB is checked soon', (_name, text) => {
  using home = new TempHome()
  writeFileSync(home.file('large.yaml'), text, { mode: 0o600 })
  const started = performance.now()

  const { exitCode, stderr } = home.runSync(['config', 'check', home.file('large.yaml')])

  expect(performance.now() - started).toBeLessThan(10_000)
  expect([0, 1]).toContain(exitCode ?? -1)
  // what is wrong is told in a few lines, whatever there is of it
  expect(stderr.length).toBeLessThan(20_000)
})
