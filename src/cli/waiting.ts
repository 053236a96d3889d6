import type { Config, Server } from '../config/index.ts'
import { noteAtTerminal } from './messages.ts'
import { counted } from './wording.ts'

const QUIET_MS = 1000

/** Says for what somebody at a terminal is kept waiting, once it takes long. A line of its own: servers write, too. */
export async function sayingWhatFor<T>(what: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => noteAtTerminal(`waiting for ${what}…`), QUIET_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}

/** Of a tool, by its public name. */
export function serverOf(config: Config, toolName: string): string {
  const isIts = ({ namespace }: Server): boolean => namespace === '' || toolName.startsWith(`${namespace}__`)
  return [...config.servers.values()].find(isIts)?.id ?? 'the server'
}

export function startedServers(config: Config): string {
  const [first, ...more] = config.enabled
  return first !== undefined && more.length === 0 ? first.id : counted(more.length + 1, 'server')
}
