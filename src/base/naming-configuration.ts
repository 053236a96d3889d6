import { join } from 'node:path'
import type { Paths } from './env.ts'

/** Those that look at the configuration. */
const COMMAND = /\bmcplexer (?=(?:config|connect|doctor|init|scope|secret|serve|servers|status|tools)\b)/g

let option = ''

/** From now on the commands that a person is told to run name the configuration of this process, where it is moved. */
export function nameConfiguration({ home, config }: Pick<Paths, 'home' | 'config'>): void {
  option = config === join(home, 'mcplexer.yaml') ? '' : `--config ${quoted(config)} `
}

/** A text for people, with commands that work where they are pasted. */
export function namingConfiguration(text: string): string {
  return option === '' ? text : text.replace(COMMAND, (command) => command + option)
}

function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
