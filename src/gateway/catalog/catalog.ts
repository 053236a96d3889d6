import { log } from '../../base/index.ts'
import type { Config, Server } from '../../config/index.ts'
import { isObject, isString, members, type Span, splice, textOf, trimmed } from '../wire/json-span.ts'
import { replaceWith } from '../wire/message.ts'
import { publicName } from './namespace.ts'

/** One tool of one server: its source is kept as the server wrote it, but for the name. */
interface CatalogTool {
  readonly serverId: string
  readonly tool: string
  readonly publicName: string
  readonly source: string
}

export interface ToolAddress {
  readonly serverId: string
  readonly tool: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The merged tools of all enabled servers, in the order of the configuration, then of each server. */
export class Catalog {
  readonly #lists = new Map<string, readonly string[]>()
  #config: Config
  #tools = new Map<string, CatalogTool>()
  #reply: Uint8Array = encoder.encode('{"tools":[]}')

  constructor(config: Config) {
    this.#config = config
  }

  configure(config: Config): void {
    this.#config = config
    this.#merge()
  }

  /** `sources`: the JSON of each tool as its server wrote it. */
  setTools(serverId: string, sources: readonly string[]): void {
    this.#lists.set(serverId, sources)
    this.#merge()
  }

  forget(serverId: string): void {
    this.#lists.delete(serverId)
    this.#merge()
  }

  hasListOf(serverId: string): boolean {
    return this.#lists.has(serverId)
  }

  sourcesOf(serverId: string): readonly string[] | null {
    return this.#lists.get(serverId) ?? null
  }

  find(name: string): ToolAddress | null {
    return this.#tools.get(name) ?? null
  }

  all(): IterableIterator<CatalogTool> {
    return this.#tools.values()
  }

  /** The result of `tools/list`, serialized. */
  listReply(): Uint8Array {
    return this.#reply
  }

  #merge(): void {
    const merged = new Map<string, CatalogTool>()
    for (const server of this.#config.servers.values()) {
      if (server.isDisabled) continue
      for (const source of this.#lists.get(server.id) ?? []) {
        const tool = publishedTool(server, source)
        if (tool === null || merged.has(tool.publicName))
          log.warn(`${server.id}: a tool without a name of its own is left out`)
        else merged.set(tool.publicName, tool)
      }
    }
    this.#tools = merged
    this.#reply = encoder.encode(`{"tools":[${[...merged.values()].map(({ source }) => source).join(',')}]}`)
  }
}

function publishedTool(server: Server, source: string): CatalogTool | null {
  const bytes = encoder.encode(source)
  const name = nameSpan(bytes)
  if (name === null) return null
  const tool = textOf(bytes, name)
  const shown = publicName(server.namespace, tool)
  const renamed = splice(bytes, [replaceWith(name, JSON.stringify(shown))])
  return { serverId: server.id, tool, publicName: shown, source: decoder.decode(renamed) }
}

function nameSpan(bytes: Uint8Array): Span | null {
  try {
    const whole = trimmed(bytes)
    const name = isObject(bytes, whole) ? members(bytes, whole).get('name') : undefined
    return isString(bytes, name) ? name : null
  } catch {
    return null
  }
}
