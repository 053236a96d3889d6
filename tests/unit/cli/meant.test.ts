import { expect, test } from 'bun:test'
import { commands, pathOf } from '../../../src/cli/commands/index.ts'
import { meantCommand } from '../../../src/cli/meant.ts'

const paths = commands.map(pathOf)

test.each([
  ['secret set', 'secret put'],
  ['secret add', 'secret put'],
  ['secret rm', 'secret delete'],
  ['scope remove', 'scope delete'],
  ['daemon start', 'serve --daemon'],
  ['tools run', 'tools call'],
  ['key rotate', 'rotate-key'],
  ['rotate', 'rotate-key'],
  ['secrets put', 'secret put'],
  ['secret gte', 'secret get'],
  ['stats', 'status'],
  ['check mine.yaml', 'config check'],
  ['constructor', null],
  ['secret constructor', null],
  ['something-else', null],
])('%s means %s', (typed, meant) => {
  expect(meantCommand(typed.split(' '), paths)).toBe(meant)
})
