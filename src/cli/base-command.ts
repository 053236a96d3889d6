import { constants } from 'node:os'
import { Command, Option } from 'clipanion'
import { App } from '../app.ts'
import { type ErrorCode, hardenProcess, isMcplexerError } from '../base/index.ts'
import { clearLine, endProgress, printError } from './messages.ts'
import { presentError } from './present-error.ts'
import { isInteractive, personAtTerminal } from './prompt.ts'

const FAILED = 1
export const WRONG_USAGE = 2
export const INTERRUPTED = 130
const USAGE_CODES: readonly ErrorCode[] = ['CLI_USAGE', 'HTTP_ADDRESS_INVALID', 'CALL_ARGUMENTS_INVALID']
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What every command shares: its options, the App it opens, the one try around its work, an end by Ctrl-C. */
export abstract class BaseCommand extends Command {
  configPath = Option.String('--config', {
    description: 'the configuration file, instead of the one in the home',
  })

  /** Gives the exit code. */
  protected abstract run(app: App): Promise<number>

  /** What Ctrl-C is answered with. */
  protected readonly interruptedText: string = 'interrupted'

  /** True when the command winds itself down; a second signal ends it all the same. */
  protected onInterrupt(): boolean {
    return false
  }

  /** Never throws; gives the exit code. */
  override async execute(): Promise<number> {
    const removeHandlers = this.#endOnSignals()
    try {
      return await this.#runAndClose()
    } catch (error) {
      endProgress()
      presentError(error, this.configPath !== undefined)
      return exitCodeOf(error)
    } finally {
      removeHandlers()
    }
  }

  async #runAndClose(): Promise<number> {
    await hardenProcess()
    const app = new App({
      ...(this.configPath === undefined ? {} : { configPath: this.configPath }),
      ...(isInteractive() ? { person: personAtTerminal } : {}),
    })
    try {
      return await this.run(app)
    } finally {
      await app.close()
    }
  }

  #endOnSignals(): () => void {
    let isWindingDown = false
    const end = (signal: (typeof ENDING_SIGNALS)[number]): void => {
      if (!isWindingDown && this.onInterrupt()) {
        isWindingDown = true
        return
      }
      // at the very end, when a prompt has given the terminal back
      process.once('exit', () => {
        clearLine()
        printError(this.interruptedText)
      })
      process.exit(128 + constants.signals[signal])
    }
    for (const signal of ENDING_SIGNALS) process.on(signal, end)
    return () => {
      for (const signal of ENDING_SIGNALS) process.off(signal, end)
    }
  }
}

function exitCodeOf(error: unknown): number {
  if (USAGE_CODES.some((code) => isMcplexerError(error, code))) return WRONG_USAGE
  const isCancelled = isMcplexerError(error, 'CLI_CANCELLED') || isMcplexerError(error, 'CALL_CANCELLED')
  return isCancelled ? INTERRUPTED : FAILED
}
