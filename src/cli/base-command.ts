import { Command, Option } from 'clipanion'
import { type App, openApp } from '../app.ts'
import { presentError } from './present.ts'

/** What every command shares: its options, the App it opens, and the one try around its work. */
export abstract class BaseCommand extends Command {
  configPath = Option.String('--config', {
    description: 'the configuration file, instead of the one in the home',
  })

  /** Gives the exit code. */
  protected abstract run(app: App): Promise<number>

  override async execute(): Promise<number> {
    let app: App | null = null
    try {
      app = openApp(this.configPath === undefined ? {} : { configPath: this.configPath })
      return await this.run(app)
    } catch (error) {
      presentError(error)
      return isCancelled(error) ? 130 : 1
    } finally {
      await app?.close()
    }
  }
}

function isCancelled(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'CLI_CANCELLED'
}
