#!/usr/bin/env bun
/**
 * Makes the executable. It must not read `.env`, `bunfig.toml`, `tsconfig.json` or `package.json` of the folder it
 * is started in, which for an MCP client is the project being edited: all four autoloads are off.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeFor } from './target-runtime.ts'

const ROOT = join(import.meta.dir, '..')
const TARGETS = [
  'linux-x64',
  'linux-arm64',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'windows-x64',
  'windows-arm64',
]
const COMPILE_FLAGS = [
  '--compile',
  '--minify',
  '--bytecode',
  '--format=esm',
  '--splitting',
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  '--no-compile-autoload-tsconfig',
  '--no-compile-autoload-package-json',
]

/**
 * Code that runs once at the start is not worth compiling: so many times more often it has to run first. `main.ts`
 * ends this after the start.
 */
const START_IN_INTERPRETER = '--compile-jit-policy=16'

if (import.meta.main) {
  mkdirSync(join(ROOT, 'dist'), { recursive: true })
  if (process.argv.includes('--all')) await buildAll()
  else
    compile('src/main.ts', join(ROOT, 'dist', process.platform === 'win32' ? 'mcplexer.exe' : 'mcplexer'), [
      START_IN_INTERPRETER,
    ])
}

export function compile(entry: string, outfile: string, more: readonly string[]): void {
  const define = `MCPLEXER_VERSION=${JSON.stringify(versionText())}`
  const build = Bun.spawnSync(
    [process.execPath, 'build', ...COMPILE_FLAGS, ...more, '--define', define, entry, '--outfile', outfile],
    { cwd: ROOT, stdout: 'pipe', stderr: 'pipe' },
  )
  if (build.exitCode !== 0) throw new Error(`building ${outfile} failed:\n${build.stderr}${build.stdout}`)
}

async function buildAll(): Promise<void> {
  const sums: string[] = []
  for (const target of TARGETS) {
    const name = `mcplexer-${target}${target.startsWith('windows') ? '.exe' : ''}`
    const runtime = await runtimeFor(target, ROOT)
    compile('src/main.ts', join(ROOT, 'dist', name), [
      START_IN_INTERPRETER,
      `--target=bun-${target}`,
      `--compile-executable-path=${runtime}`,
    ])
    const digest = new Bun.CryptoHasher('sha256').update(readFileSync(join(ROOT, 'dist', name))).digest('hex')
    sums.push(`${digest}  ${name}\n`)
    process.stderr.write(`built dist/${name}\n`)
  }
  writeFileSync(join(ROOT, 'dist', 'SHA256SUMS'), sums.join(''))
}

function versionText(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const commit = Bun.spawnSync(['git', 'rev-parse', '--short', 'HEAD'], { cwd: ROOT, stderr: 'ignore' })
  return commit.exitCode === 0 ? `${version}+${commit.stdout.toString().trim()}` : String(version)
}
