import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { configOf } from '../helpers/fixtures.ts'
import { eventually, runningProcesses } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b, keys: [{ name: T }] }]'

describe('stdout', () => {
  test('comes whole through a pipe whose reader is slow', () => {
    using home = new TempHome()

    const whole = home.runSync(['config', 'schema']).stdout
    const slow = home.shell('"$0" config schema | (sleep 0.3; cat)').stdout

    expect(slow).toBe(whole)
    expect(JSON.parse(slow)).toBeObject()
  })

  test('that nobody reads any more ends the command cleanly', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'x\n'.repeat(60_000))

    expect(home.shell('"$0" secret get a K | head -1')).toEqual({ exitCode: 0, stdout: 'x\n', stderr: '' })
    expect(home.shell('("$0" secret get a K; echo $? >&2) | true').stderr).toBe('0\n')
  })

  test.skipIf(!existsSync('/dev/full'))(
    'on a full disk is an error: a cut value must not pass for the value',
    () => {
      using home = new TempHome(SCOPES)
      home.put('a', 'K', 'v')

      const { exitCode, stderr } = home.shell('"$0" secret get a K > /dev/full')

      expect(exitCode).toBe(1)
      expect(stderr).toBe(
        'mcplexer: error: stdout cannot be written to: no room is left on the disk (ENOSPC)\n',
      )
    },
  )

  test('closed from the start does no harm to any file', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'canary-value')

    home.shell('"$0" secret get a K >&-')

    expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('canary-value')
  })

  test('has no colour and no cursor movement on a pipe, nor has stderr', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'v')

    for (const args of [
      ['--help'],
      ['secret', 'put', '--help'],
      ['status'],
      ['rotate-key'],
      ['secret', 'get', 'x', 'y'],
    ]) {
      const { stdout, stderr } = home.runSync(args)
      expect({ args, text: stdout + stderr }).not.toMatchObject({ text: expect.stringContaining('\u001b') })
    }
  })
})

test('a file name cannot pass itself off as a message, nor paint the terminal', () => {
  using home = new TempHome()
  const path = `${home.folder}/x\u001b[31m\nmcplexer: error: fake`
  writeFileSync(path, 'unknown: 1')

  const { stderr } = home.runSync(['config', 'check', path])

  expect(stderr).not.toContain('\u001b')
  expect(stderr).not.toContain('\nmcplexer: error: fake')
  expect(stderr).toContain('\\u{1b}[31m\\u{a}mcplexer: error: fake:1:1: ')
})

test('Ctrl-C during a call cancels it, ends the server and exits 130', async () => {
  using home = new TempHome()
  const record = `${home.folder}/record`
  home.writeConfig(configOf([{ id: 'one', args: [record] }]))
  const child = Bun.spawn([BINARY, 'tools', 'call', 'one__hold'], {
    env: home.env,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  await eventually(
    () => existsSync(record) && readFileSync(record, 'utf8').includes('held'),
    'the call is there',
  )

  child.kill('SIGINT')

  expect(await child.exited).toBe(130)
  const said = await new Response(child.stderr).text()
  expect(said).toContain('was cancelled')
  expect(said).not.toContain('stopping')
  expect(readFileSync(record, 'utf8')).toContain('notifications/cancelled')
  expect(runningProcesses().filter(({ commandLine }) => commandLine.includes(record))).toEqual([])
})

test('a reader that closes the pipe early ends the command cleanly', () => {
  using home = new TempHome()

  expect(home.shell('"$0" config schema | head -1').stderr).toBe('')
})

test('a large value comes whole through a pipe whose reader is slow', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'K', 'x'.repeat(127_000))

  expect(home.shell('"$0" secret get a K | (sleep 0.3; wc -c)').stdout.trim()).toBe('127000')
})
