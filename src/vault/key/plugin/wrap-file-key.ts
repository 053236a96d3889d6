import { isMcplexerError } from '../../../base/index.ts'
import { byPlugin, type PluginKey } from './plugin-key.ts'
import { pluginFailed } from './process.ts'
import { command, converse, type PluginOptions, unable } from './session.ts'
import type { Stanza } from './stanza.ts'

const FILE_KEY_BYTES = 16

/**
 * The file key, wrapped by every plugin that the key names (`recipient-v1`). Throws VAULT_PLUGIN_MISSING,
 * VAULT_PLUGIN_FAILED or VAULT_PLUGIN_INVALID, and CLI_CANCELLED.
 */
export async function wrapFileKey(
  { identities, recipients }: PluginKey,
  fileKey: Uint8Array,
  options: PluginOptions,
): Promise<Stanza[]> {
  const isForIdentities = recipients.length === 0
  const add = isForIdentities ? 'add-identity' : 'add-recipient'
  const wrapped: Stanza[] = []
  const labels = new Set<string>()
  for (const [name, encodings] of byPlugin(isForIdentities ? identities : recipients)) {
    const request = encodings.map((encoding) => command(add, encoding))
    const outcome = await wrapOnce(`age-plugin-${name}`, request, fileKey, options)
    wrapped.push(...outcome.stanzas)
    labels.add(outcome.labels.toSorted().join(' '))
  }
  // such as `postquantum`: no recipient may weaken what another one promises
  if (labels.size > 1) throw pluginFailed('the plugins', 'refuse to seal one file together')
  return wrapped
}

/**
 * The file key, from the first plugin that unwraps it (`identity-v1`); null when none of them knows a stanza. One that
 * fails is not the last. Throws as above.
 */
export async function unwrapFileKey(
  { identities }: PluginKey,
  stanzas: readonly Stanza[],
  options: PluginOptions,
): Promise<Uint8Array | null> {
  let failure: unknown = null
  for (const [name, encodings] of byPlugin(identities)) {
    try {
      const fileKey = await unwrapOnce(`age-plugin-${name}`, encodings, stanzas, options)
      if (fileKey !== null) return fileKey
    } catch (error) {
      if (isMcplexerError(error, 'CLI_CANCELLED')) throw error
      failure ??= error
    }
  }
  if (failure !== null) throw failure
  return null
}

async function wrapOnce(
  program: string,
  adding: readonly Stanza[],
  fileKey: Uint8Array,
  options: PluginOptions,
): Promise<{ stanzas: readonly Stanza[]; labels: readonly string[] }> {
  const stanzas: Stanza[] = []
  let labels: readonly string[] | null = null
  const wrapping = { args: ['wrap-file-key'], body: fileKey }
  const request = [...adding, wrapping, command('extension-labels')]
  const talk = await converse(program, 'recipient-v1', request, options, ([type, ...args], body) => {
    if (type === 'labels') {
      if (labels !== null) return 'malformed'
      labels = args
      return 'ok'
    }
    if (type !== 'recipient-stanza') return 'other'
    if (!isUsable(args)) return 'malformed'
    stanzas.push({ args: args.slice(1), body })
    return 'ok'
  })
  const isRight = stanzas.length > 0 && stanzas.length <= adding.length
  if (talk.hasFailed || !isRight) throw unable(program, 'wrap', talk)
  return { stanzas, labels: labels ?? [] }
}

/** Of the one file there is. One of a passphrase would make age ask for that, and for nothing else. */
function isUsable([index, type]: readonly string[]): boolean {
  return index === '0' && type !== undefined && type !== 'scrypt'
}

async function unwrapOnce(
  program: string,
  encodings: readonly string[],
  stanzas: readonly Stanza[],
  options: PluginOptions,
): Promise<Uint8Array | null> {
  let fileKey: Uint8Array | null = null
  const request = [
    ...encodings.map((encoding) => command('add-identity', encoding)),
    ...stanzas.map(({ args, body }) => ({ args: ['recipient-stanza', '0', ...args], body })),
  ]
  const talk = await converse(program, 'identity-v1', request, options, ([type, ...args], body) => {
    if (type !== 'file-key') return 'other'
    if (args.join() !== '0' || body.length !== FILE_KEY_BYTES || fileKey !== null) return 'malformed'
    fileKey = body
    return 'ok'
  })
  if (fileKey === null && (talk.hasFailed || talk.wasAlone)) throw unable(program, 'unwrap', talk)
  return fileKey
}
