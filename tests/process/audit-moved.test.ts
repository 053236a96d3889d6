import { expect, test } from 'bun:test'
import { mkdirSync, renameSync } from 'node:fs'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

test('calls are refused once the record was moved away, until the gateway is started again', async () => {
  using home = new TempHome(configOf([{ id: 'one' }]))
  const before = await RawClient.start(home)
  expect(await before.callText('one__echo', { message: 'on record' })).toBe('on record')
  mkdirSync(home.file('away'))
  renameSync(home.file('activity.db'), home.file('away/activity.db'))

  const refused = async () =>
    (await before.callText('one__echo', { message: 'x' })).includes('cannot be put on record')
  await eventually(refused, 'what nobody could read is not done', 5000)
  await before.close()

  await using after = await RawClient.start(home)
  expect(await after.callText('one__echo', { message: 'anew' })).toBe('anew')
}, 15_000)
