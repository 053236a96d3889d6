import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { Glob } from 'bun'

const ROOT = join(import.meta.dir, '..')
/** Which doors a room may use; the entries at the top of `src` may use all. */
const MAY_IMPORT: Record<string, string[]> = {
  base: [],
  config: ['base'],
  store: ['base'],
  vault: ['base', 'store'],
  audit: ['base', 'store'],
  auth: ['base', 'config', 'vault'],
  sandbox: ['base'],
  gateway: ['base', 'config', 'sandbox', 'audit', 'auth'],
  cli: ['base', 'config', 'vault', 'sandbox', 'audit', 'gateway'],
}
/** Within gateway, which is large: which folders a folder may use, beside what stands at its top. */
const GATEWAY_MAY_IMPORT: Record<string, string[]> = {
  wire: [],
  eras: ['wire'],
  guard: ['wire'],
  catalog: ['eras', 'wire'],
  downstream: ['eras', 'guard', 'wire'],
  bridge: ['downstream', 'eras', 'wire'],
  view: ['bridge', 'catalog', 'downstream', 'eras', 'wire'],
  upstream: ['view', 'catalog', 'downstream', 'eras', 'wire'],
}
const NOWHERE = /^$/
/** Each outside power and the only places that use it. */
const POWERS: [string, RegExp, RegExp][] = [
  ['age', /(from|import\() ?'age-encryption'/, /^vault\/cipher\.ts$/],
  ['SQLite', /from '(bun:sqlite|kysely)'/, /^store\//],
  ['queries', /\.(selectFrom|insertInto|deleteFrom|updateTable)\(/, /^store\//],
  [
    'child processes',
    /Bun\.spawn|node:child_process/,
    /^(gateway\/downstream\/(process|watchdog)|daemon|sandbox\/(bwrap|egress\/bridge)|vault\/key\/(passphrase-command|plugin\/process))\.ts$/,
  ],
  ['fetch', /\bfetch\(/, NOWHERE],
  ['the environment', /process\.env\b|Bun\.env\b/, /^base\/env\.ts$/],
  [
    'stdout',
    /process\.stdout\.write|Bun\.stdout|console\./,
    /^(cli\/present|gateway\/upstream\/(stdio|socket\/client))\.ts$/,
  ],
  ['plaintext', /\.reveal\(/, /^(vault|auth|gateway\/downstream)\/|^cli\/commands\/secret\/get\.ts$/],
]
/** Second doors, so that the start of `serve` loads no Kysely, no servers, no HTTP and no sockets. */
const LIGHT_DOORS = new Set(['store/lean.ts', 'gateway/front.ts', 'gateway/http.ts', 'gateway/socket.ts'])

const files = [...new Glob('src/**/*.ts').scanSync({ cwd: ROOT })]
  .filter((path) => !path.endsWith('.d.ts'))
  .map((path) => path.slice('src/'.length))
  .sort()
const sourceOf = (file: string) => readFileSync(join(ROOT, 'src', file), 'utf8')
/** What is in `app/` stands at the top, beside `app.ts`. */
const roomOf = (file: string) => /^(?!app\/)([^/]+)\//.exec(file)?.[1] ?? ''
const folderInGateway = (file: string) => /^gateway\/([^/]+)\//.exec(file)?.[1] ?? ''
const importsOf = (file: string) =>
  [...sourceOf(file).matchAll(/(?:from|import\() ?'(\.[^']+\.ts)'/g)].map(([, path = '']) =>
    normalize(join(dirname(file), path)),
  )

describe('rooms', () => {
  test('each has a door that says what comes in, what goes out and what it never does', () => {
    for (const room of new Set(files.map(roomOf).filter(Boolean))) {
      expect({ room, head: sourceOf(`${room}/index.ts`).slice(0, 4) }).toEqual({ room, head: '/**\n' })
      expect(sourceOf(`${room}/index.ts`)).not.toMatch(/export \*/)
    }
  })

  test.each(files)('%s imports only what it may, through doors', (file) => {
    for (const target of importsOf(file)) {
      const [from, to] = [roomOf(file), roomOf(target)]
      if (from === to || (from === 'cli' && to === '')) continue
      expect({ file, target, isDoor: target === `${to}/index.ts` || LIGHT_DOORS.has(target) }).toEqual({
        file,
        target,
        isDoor: true,
      })
      if (from !== '') expect(MAY_IMPORT[from]).toContain(to)
    }
  })

  test.each(files.filter(folderInGateway))('%s imports only from folders below its own', (file) => {
    const from = folderInGateway(file)
    const others = importsOf(file)
      .map(folderInGateway)
      .filter((to) => to !== '' && to !== from)
    for (const to of others) expect(GATEWAY_MAY_IMPORT[from]).toContain(to)
  })

  test('no imports go in a circle', () => {
    const done = new Set<string>()
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) throw new Error(`a circle: ${[...path, file].join(' → ')}`)
      if (done.has(file)) return
      for (const target of staticImportsOf(file)) visit(target, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
  })
})

test.each(POWERS)('%s has one door', (_name, use, place) => {
  expect(files.filter((file) => use.test(sourceOf(file)) && !place.test(file))).toEqual([])
})

test('files are small and named after what they do', () => {
  for (const file of files) {
    expect(file).not.toMatch(/(^|\/)(utils?|helpers?|types|manager|misc|common)\.ts$/)
    expect({ file, isSmall: sourceOf(file).split('\n').length <= 300 }).toEqual({ file, isSmall: true })
  }
})

test('what is loaded before the first answer of serve is light', () => {
  const reached = new Set<string>()
  const visit = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    for (const target of staticImportsOf(file)) visit(target)
  }
  visit('serve.ts')

  for (const file of reached)
    expect(sourceOf(file)).not.toMatch(
      /^import (?!type).*'(yaml|zod|kysely|clipanion|age-encryption|@modelcontextprotocol)/m,
    )
})

/** Type imports are gone in the program; `import()` loads later. */
function staticImportsOf(file: string): string[] {
  return [...sourceOf(file).matchAll(/^(?:import|export) (?!type )[^']*?from '(\.[^']+\.ts)'/gm)].map(
    ([, path = '']) => normalize(join(dirname(file), path)),
  )
}
