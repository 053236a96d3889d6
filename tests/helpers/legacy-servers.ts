import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf, type Entry } from '../helpers/fixtures.ts'
import { TempHome } from '../helpers/temp-home.ts'

interface Setting extends Disposable {
  readonly home: TempHome
  record(): string[]
}

/** Legacy servers `one` and `two` that keep a record; `probe` is what they do when asked before `initialize`. */
export function legacyServers(probe = 'answers', more: Record<string, unknown> = {}): Setting {
  const home = new TempHome()
  const record = join(home.folder, 'record')
  const entry = (id: string): Entry => ({ id, script: 'legacy', args: [record, id, probe], more })
  home.writeConfig(configOf([entry('one'), entry('two')]))
  return {
    home,
    record: () => (existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : []),
    [Symbol.dispose]: () => home[Symbol.dispose](),
  }
}
