import { describe, expect, test } from 'bun:test'
import type { FixturePlugin } from '../helpers/age-plugin.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { GET, PluginHome, TOKEN } from '../helpers/plugin-home.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { inTerminal } from '../helpers/terminal.ts'

/** What somebody types who is asked by each of the next runs of the plugin. */
function pins(plugin: FixturePlugin, count: number, pin = '1234') {
  return Array.from({ length: count }, (_, index) => ({
    when: `age-plugin-test: PIN of run ${plugin.runs.length + index + 1} (input is hidden): `,
    type: `${pin}\r`,
  }))
}

describe('at a terminal', () => {
  test('a secret is asked for without being shown, and said back by no plugin', async () => {
    using home = PluginHome.protected()
    const { plugin } = home
    const env = plugin.env('secret')

    const right = await inTerminal(home, GET, pins(plugin, 1), { env })
    const wrong = await inTerminal(home, GET, pins(plugin, 1, '8642'), { env })

    expect(right).toMatchObject({ exitCode: 0, hasEcho: true })
    expect(right.shown).toContain(TOKEN)
    expect(right.shown).not.toContain('1234')
    expect(wrong).toMatchObject({ exitCode: 1, hasEcho: true })
    expect(wrong.shown).toContain('age-plugin-test: no PIN, or a wrong one: …')
    expect(wrong.shown).not.toContain('8642')
  })

  test('a public value and a choice are asked for', async () => {
    using home = PluginHome.protected()
    const { plugin } = home
    const choice = 'Is it plugged in? [1: Yes, go on, 2: No] '
    const env = plugin.env('public', 'confirms')
    const asked = [{ when: 'Serial number: ', type: '42\r' }]

    const yes = await inTerminal(home, GET, [...asked, { when: choice, type: '1\r' }], { env })
    const no = await inTerminal(home, GET, [...asked, { when: choice, type: '2\r' }], { env })

    expect(yes.shown).toContain(TOKEN)
    expect(no.exitCode).toBe(1)
    expect(no.shown).toContain('it is not plugged in')
  })

  test.each([
    ['that hangs', 'hangs-identity-v1', 'touch'],
    ['that asks', 'secret', 'PIN'],
  ])('Ctrl-C ends a plugin %s', async (_what, wish, when) => {
    using home = PluginHome.protected()
    const { plugin } = home

    const { exitCode } = await inTerminal(home, GET, [{ when, type: '\u0003' }], {
      env: plugin.env('says', wish),
    })

    expect(exitCode).toBe(130)
    const pid = plugin.lastPid
    await eventually(() => !isRunning(pid), 'the plugin has ended')
  })
})

describe('a running gateway', () => {
  test('opens the key file by itself, once, with a plugin that asks for nothing', async () => {
    using home = PluginHome.protected()
    const { plugin } = home
    const before = plugin.runs.length

    await using client = await RawClient.start(home, {}, { env: plugin.env() })
    const texts = await Promise.all([client.callText('one__environment'), client.callText('two__environment')])

    expect(texts.map((text) => text.includes(TOKEN))).toEqual([true, true])
    expect(plugin.modes.slice(before)).toEqual(['identity-v1'])
  })

  test('is unlocked for one that asks, also for what a rotation makes of the key file', async () => {
    using home = PluginHome.protected()
    const { plugin } = home
    const env = plugin.env('secret')
    await using client = await RawClient.start(home, {}, { env })
    expect(await client.callText('one__environment')).toContain('mcplexer unlock, at a terminal')

    const unlocked = await inTerminal(home, ['unlock'], pins(plugin, 1), { env })

    expect(unlocked.shown).toContain('1 gateway can open the key file now')
    expect(await client.callText('one__environment')).toContain(TOKEN)
    const rotated = await inTerminal(home, ['rotate-key'], pins(plugin, 5), { env })
    expect(rotated.exitCode).toBe(0)
    expect(await client.callText('two__environment')).toContain(TOKEN)
    home.runSync(['lock'])
    await eventually(() => client.stderr.includes('locked'), 'it is locked')
    expect(await client.callText('two__environment')).not.toContain(TOKEN)
  })
})
