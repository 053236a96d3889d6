import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ROOT, type TempHome } from './temp-home.ts'

/** The fixture plugin on a PATH of its own, and an identity of it. */
export class FixturePlugin {
  readonly identityFile: string
  readonly #folder: string
  readonly #log: string

  constructor(folder: string, name = 'test') {
    this.#folder = join(folder, 'plugins')
    this.#log = join(folder, 'plugin.log')
    this.identityFile = join(folder, `${name}-identity.txt`)
    mkdirSync(this.#folder, { recursive: true })
    const script = join(ROOT, 'tests/fixtures/plugins/age-plugin-test.ts')
    const program = join(this.#folder, `age-plugin-${name}`)
    const head = `#!/bin/sh\nAGE_PLUGIN_TEST_NAME=${name} exec`
    writeFileSync(program, `${head} '${process.execPath}' '${script}' "$@"\n`, { mode: 0o755 })
    writeFileSync(this.identityFile, Bun.spawnSync([program, '--generate']).stdout)
  }

  static of(home: TempHome, name?: string): FixturePlugin {
    return new FixturePlugin(home.folder, name)
  }

  get identity(): string {
    return this.#read(/^AGE-PLUGIN-\S+$/m)
  }

  get recipient(): string {
    return this.#read(/age1\S+/)
  }

  /** With which it is found, and what it is to do besides. */
  env(...wishes: string[]): Record<string, string> {
    return {
      PATH: [this.#folder, process.env['PATH'] ?? ''].join(delimiter),
      AGE_PLUGIN_TEST: wishes.join(),
      AGE_PLUGIN_TEST_LOG: this.#log,
    }
  }

  /** One line for each of its runs: the state machine, its process, the names in its environment. */
  get runs(): string[] {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trim().split('\n') : []
  }

  get modes(): string[] {
    return this.runs.map((run) => run.split(' ')[0] ?? '')
  }

  /** The process of its last run. */
  get lastPid(): number {
    const pid = Number(this.runs.at(-1)?.split(' ')[1])
    if (!Number.isInteger(pid)) throw new Error('the plugin was not run')
    return pid
  }

  #read(pattern: RegExp): string {
    const [found] = pattern.exec(readFileSync(this.identityFile, 'utf8')) ?? []
    if (found === undefined) throw new Error(`nothing like ${pattern} in ${this.identityFile}`)
    return found
  }
}
