import { isMcplexerError } from '../../../base/index.ts'
import type { VaultError } from '../../vault-error.ts'
import type { Person } from '../person.ts'
import { type PluginMode, PluginProcess, pluginFailed, SILENCE_LIMIT_MS } from './process.ts'
import type { Stanza } from './stanza.ts'
import { PluginTalk } from './talk.ts'

export interface PluginOptions {
  /** Null: nobody is there to answer. */
  readonly person: Person | null
  readonly limitMs?: number
}

/** `ok`: taken, and answered so; `malformed`; `other`: none of these commands. */
type Taken = 'ok' | 'malformed' | 'other'

const NOTHING = new Uint8Array(0)
/** One that talks without end is stopped. */
const MAX_COMMANDS = 256

/**
 * One run of a plugin, both phases: everything that we ask for, then the plugin's commands, each answered, up to its
 * `done`. Throws VAULT_PLUGIN_MISSING, VAULT_PLUGIN_FAILED and CLI_CANCELLED; it has ended in any case.
 */
export async function converse(
  program: string,
  mode: PluginMode,
  request: readonly Stanza[],
  { person, limitMs = SILENCE_LIMIT_MS }: PluginOptions,
  take: (args: readonly string[], body: Uint8Array) => Taken,
): Promise<PluginTalk> {
  const talk = new PluginTalk(program, person)
  const plugin = PluginProcess.start(program, mode, limitMs)
  let isDone = false
  try {
    for (const stanza of [...request, command('done')]) await plugin.send(stanza)
    for (let count = 0; count < MAX_COMMANDS; count++) {
      const stanza = await plugin.next()
      isDone = stanza.args[0] === 'done'
      if (isDone) return talk
      const taken = take(stanza.args, stanza.body)
      if (taken === 'malformed') throw new SyntaxError('malformed')
      await plugin.send(taken === 'ok' ? command('ok') : await talk.answer(stanza))
    }
    throw pluginFailed(program, 'does not come to an end')
  } catch (error) {
    throw isMcplexerError(error) ? error : pluginFailed(program, 'does not speak the protocol of age plugins')
  } finally {
    talk.end()
    await plugin.end({ atOnce: !isDone })
  }
}

export function command(...args: string[]): Stanza {
  return { args, body: NOTHING }
}

/** What its own words have told the person already is not repeated. */
export function unable(
  program: string,
  verb: 'wrap' | 'unwrap',
  { wasAlone, hasFailed }: PluginTalk,
): VaultError {
  if (wasAlone)
    return pluginFailed(
      program,
      'asks for something, and nobody is there to answer',
      'mcplexer unlock, at a terminal, for running gateways; other commands ask there themselves',
    )
  const reason = hasFailed ? 'it has said why' : 'it gave no reason'
  return pluginFailed(program, `could not ${verb} what opens the key file; ${reason}`)
}
