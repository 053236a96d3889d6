import { BINARY, type TempHome } from './temp-home.ts'

/** What somebody at the terminal waits for, then does: types a text, or sends a signal to the program. */
interface Step {
  readonly when: string
  readonly type?: string
  readonly kill?: NodeJS.Signals
}

interface TerminalRun {
  readonly shown: string
  readonly exitCode: number
  /** The terminal's own echo, once the program has ended. */
  readonly hasEcho: boolean
}

const ECHO = 0o10
const TIMEOUT_MS = 30_000

/** The program in a real pseudo-terminal. Throws when the text of a step never comes. */
export async function inTerminal(
  home: TempHome,
  args: readonly string[],
  steps: readonly Step[],
  { columns = 80, env = {} }: { columns?: number; env?: Record<string, string> } = {},
): Promise<TerminalRun> {
  let shown = ''
  const pending = [...steps]
  const decoder = new TextDecoder()
  const drained = Promise.withResolvers<void>()
  const react = (terminal: Bun.Terminal): void => {
    const [next] = pending
    if (next === undefined || !shown.includes(next.when)) return
    pending.shift()
    if (next.type !== undefined) terminal.write(next.type)
    if (next.kill !== undefined) child.kill(next.kill)
  }
  const child = Bun.spawn([BINARY, ...args], {
    env: { TERM: 'xterm', ...home.env, ...env },
    terminal: {
      cols: columns,
      rows: 40,
      data: (terminal, data) => {
        shown += decoder.decode(data, { stream: true })
        react(terminal)
      },
      exit: () => drained.resolve(),
    },
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  const [exitCode] = await Promise.all([child.exited, drained.promise])
  clearTimeout(timer)
  const hasEcho = ((child.terminal?.localFlags ?? 0) & ECHO) !== 0
  child.terminal?.close()
  if (pending.length > 0) throw new Error(`waited in vain for ${pending[0]?.when}; shown:\n${shown}`)
  return { shown: shown.replaceAll('\r\n', '\n'), exitCode, hasEcho }
}
