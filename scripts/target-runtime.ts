import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Bun's runtime for another platform, from its npm package: `bun build` itself would download it from elsewhere. */
export async function runtimeFor(target: string, root: string): Promise<string> {
  const [system, cpu, libc] = target.split('-')
  const name = `@oven/bun-${system}-${cpu === 'arm64' ? 'aarch64' : 'x64'}${libc === undefined ? '' : '-musl'}`
  const folder = join(root, 'node_modules', '.cache', 'bun-runtimes', target)
  const executable = join(folder, 'package', 'bin', system === 'windows' ? 'bun.exe' : 'bun')
  if (existsSync(executable)) return executable
  mkdirSync(folder, { recursive: true })
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  run(['npm', 'pack', '--silent', '--pack-destination', folder, `${name}@${devDependencies.bun}`], folder)
  run(['sh', '-c', 'tar -xzf *.tgz && rm *.tgz'], folder)
  return executable
}

function run(command: string[], cwd: string): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { cwd, stderr: 'pipe' })
  if (exitCode !== 0) throw new Error(`${command.join(' ')} failed:\n${stderr}`)
}
