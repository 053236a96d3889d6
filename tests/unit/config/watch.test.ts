import { afterEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, ConfigError, loadConfig, watchConfig } from '../../../src/config/index.ts'

const toRemove: (() => void)[] = []
afterEach(() => {
  for (const remove of toRemove.splice(0).reverse()) remove()
})

const yaml = (id: string) => `downstream_servers: [{ id: ${id}, command: x }]\n`

/** A watched file; what is told comes out one by one, so that nothing can be told twice unseen. */
async function watched(
  prepare?: (folder: string, path: string) => void,
  options?: Parameters<typeof watchConfig>[2],
) {
  const folder = mkdtempSync(join(tmpdir(), 'mcplexer-watch-'))
  toRemove.push(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'mcplexer.yaml')
  if (prepare === undefined) writeFileSync(path, yaml('first'))
  else prepare(folder, path)
  const told: (string[] | ConfigError)[] = []
  let wake = (): void => undefined
  const tell = (what: string[] | ConfigError) => {
    told.push(what)
    wake()
  }
  const listeners = {
    onChange: (config: Config) => tell([...config.servers.keys()]),
    onError: (error: unknown) => tell(error as ConfigError),
  }
  const watch = watchConfig(await loadConfig(path), listeners, options)
  toRemove.push(() => watch.close())
  const next = async () => {
    while (told.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return told.shift()
  }
  return { folder, path, next, told }
}

test('an edit in place, a rename over the file and a file gone for a moment each give the new configuration once', async () => {
  const { folder, path, next, told } = await watched()

  writeFileSync(path, yaml('in-place'))
  expect(await next()).toEqual(['in-place'])

  writeFileSync(join(folder, '.swap'), yaml('renamed'))
  renameSync(join(folder, '.swap'), path)
  expect(await next()).toEqual(['renamed'])

  unlinkSync(path)
  writeFileSync(path, yaml('replaced'))
  expect(await next()).toEqual(['replaced'])
  expect(told).toEqual([])
})

test('an invalid file is told once with its error, and the next valid one is told again', async () => {
  const { path, next, told } = await watched()

  writeFileSync(path, 'downstream_servers: [{ id: a, comand: x }]\n')
  const error = await next()
  expect(error).toBeInstanceOf(ConfigError)
  expect(error).toHaveProperty('code', 'CONFIG_INVALID')

  writeFileSync(path, yaml('mended'))
  expect(await next()).toEqual(['mended'])
  expect(told).toEqual([])
})

test('a file that stays away is told as missing, and is picked up when it is back', async () => {
  const { path, next } = await watched()

  unlinkSync(path)
  expect(await next()).toHaveProperty('code', 'CONFIG_MISSING')

  writeFileSync(path, yaml('back'))
  expect(await next()).toEqual(['back'])
})

test('a file written again with the same bytes is no change', async () => {
  const { path, next } = await watched()

  writeFileSync(path, yaml('first'))
  writeFileSync(path, yaml('first'))
  writeFileSync(path, yaml('second'))

  expect(await next()).toEqual(['second'])
})

test('behind a symlink both the link and the file it leads to are followed', async () => {
  const { folder, path, next } = await watched((root, link) => {
    for (const name of ['one', 'two']) mkdirSync(join(root, name))
    writeFileSync(join(root, 'one', 'real.yaml'), yaml('first'))
    symlinkSync(join(root, 'one', 'real.yaml'), link)
  })

  writeFileSync(join(folder, 'one', 'real.yaml'), yaml('behind-link'))
  expect(await next()).toEqual(['behind-link'])

  writeFileSync(join(folder, 'two', 'real.yaml'), yaml('other'))
  symlinkSync(join(folder, 'two', 'real.yaml'), join(folder, '.link'))
  renameSync(join(folder, '.link'), path)
  expect(await next()).toEqual(['other'])
  writeFileSync(join(folder, 'two', 'real.yaml'), yaml('other-edited'))
  expect(await next()).toEqual(['other-edited'])
})

test('a change between the read and the watch is not missed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcplexer-watch-'))
  toRemove.push(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'mcplexer.yaml')
  writeFileSync(path, yaml('first'))
  const first = await loadConfig(path)
  writeFileSync(path, yaml('early'))

  const changed = await new Promise<Config>((resolve, reject) => {
    const watch = watchConfig(first, { onChange: resolve, onError: reject })
    toRemove.push(() => watch.close())
  })

  expect([...changed.servers.keys()]).toEqual(['early'])
})

test('where the system cannot watch, it looks at intervals and does not throw', async () => {
  const cannotWatch = (): never => {
    throw new Error('ENOSPC')
  }
  const { path, next } = await watched(undefined, { watchFolder: cannotWatch, pollMs: 10 })

  for (const id of ['one', 'two']) {
    writeFileSync(path, yaml(id))
    expect(await next()).toEqual([id])
  }
})

test('a folder that goes and comes back, or whose parent is replaced, is followed', async () => {
  const { folder, path, next } = await watched(
    (root, link) => {
      mkdirSync(join(root, 'tools/mcp'), { recursive: true })
      writeFileSync(join(root, 'tools/mcp/real.yaml'), yaml('first'))
      symlinkSync(join(root, 'tools/mcp/real.yaml'), link)
    },
    { pollMs: 50 },
  )
  expect(path).toBe(join(folder, 'mcplexer.yaml'))

  rmSync(join(folder, 'tools'), { recursive: true })
  expect(await next()).toHaveProperty('code', 'CONFIG_MISSING')
  mkdirSync(join(folder, 'tools/mcp'), { recursive: true })
  writeFileSync(join(folder, 'tools/mcp/real.yaml'), yaml('back'))
  expect(await next()).toEqual(['back'])
  writeFileSync(join(folder, 'tools/mcp/real.yaml'), yaml('edited'))
  expect(await next()).toEqual(['edited'])

  mkdirSync(join(folder, 'other/mcp'), { recursive: true })
  writeFileSync(join(folder, 'other/mcp/real.yaml'), yaml('moved-here'))
  renameSync(join(folder, 'tools'), join(folder, 'away'))
  renameSync(join(folder, 'other'), join(folder, 'tools'))
  expect(await next()).toEqual(['moved-here'])
})
