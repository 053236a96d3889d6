import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile } from '../../scripts/build.ts'

test('D7: all 143 official age vectors pass in a program built as the product is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcplexer-age-'))
  try {
    compile('tests/compiled/age-testkit.ts', join(folder, 'testkit'), [])

    expect(Bun.spawnSync([join(folder, 'testkit')]).stdout.toString()).toBe('passed 143 of 143 \n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 60_000)
