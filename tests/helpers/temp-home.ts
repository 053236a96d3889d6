import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const ROOT = join(import.meta.dir, '..', '..')
/** The built executable: what users run is what is tested. */
export const BINARY = join(ROOT, 'dist', process.platform === 'win32' ? 'mcplexer.exe' : 'mcplexer')

export interface Run {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stdoutBytes: Uint8Array
  readonly stderr: string
}

/** The host's variables without those that would change what the program or its runtime does. */
export function hostEnvironment(): Record<string, string> {
  const host = Object.entries(process.env).filter(([name]) => !/^(MCPLEXER_|BUN_|NODE_OPTIONS)/.test(name))
  return Object.fromEntries(host) as Record<string, string>
}

interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Record<string, string>
  readonly cwd?: string
}

/** A home of its own for one test, with nothing of the host's MCPLEXER_ settings; gone with `using`. */
export class TempHome implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'mcplexer-test-'))
  readonly path = join(this.folder, 'home')

  constructor(config?: string) {
    const { exitCode, stderr } = this.runSync(['init'])
    if (exitCode !== 0) throw new Error(`init failed: ${stderr}`)
    if (config !== undefined) this.writeConfig(config)
  }

  get env(): Record<string, string> {
    return { ...hostEnvironment(), MCPLEXER_HOME: this.path }
  }

  file(name: string): string {
    return join(this.path, name)
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8')
  }

  /** What it asks to start without a shield is approved, before a running gateway sees it. */
  writeConfig(text: string): void {
    if (/"shield": ?"off"/.test(text)) {
      const next = this.file('next.yaml')
      writeFileSync(next, text)
      this.runSync(['servers', 'review', '--yes', '--config', next])
      rmSync(next)
    }
    writeFileSync(this.file('mcplexer.yaml'), text)
  }

  runSync(args: readonly string[], options: RunOptions = {}): Run {
    const stdin = options.stdin === undefined ? 'ignore' : Buffer.from(options.stdin)
    const { exitCode, stdout, stderr } = Bun.spawnSync([BINARY, ...args], {
      stdin,
      stdout: 'pipe',
      stderr: 'pipe',
      env: { ...this.env, ...options.env },
      cwd: options.cwd ?? this.folder,
    })
    return {
      exitCode,
      stdout: stdout.toString(),
      stdoutBytes: new Uint8Array(stdout),
      stderr: stderr.toString(),
    }
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    const child = Bun.spawn([BINARY, ...args], {
      stdin: options.stdin === undefined ? 'ignore' : Buffer.from(options.stdin),
      stdout: 'pipe',
      stderr: 'pipe',
      env: { ...this.env, ...options.env },
      cwd: options.cwd ?? this.folder,
    })
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).bytes(),
      new Response(child.stderr).text(),
    ])
    return {
      exitCode: await child.exited,
      stdout: new TextDecoder().decode(stdout),
      stdoutBytes: stdout,
      stderr,
    }
  }

  put(scope: string, key: string, value: string): void {
    const { exitCode, stderr } = this.runSync(['secret', 'put', scope, key], { stdin: value })
    if (exitCode !== 0) throw new Error(`put failed: ${stderr}`)
  }

  /** In that script `"$0"` is the program. */
  shell(script: string): Pick<Run, 'exitCode' | 'stdout' | 'stderr'> {
    const { exitCode, stdout, stderr } = Bun.spawnSync(['/bin/sh', '-c', script, BINARY], { env: this.env })
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
