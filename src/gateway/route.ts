import type { Config, Server } from '../config/index.ts'
import type { Catalog } from './catalog/catalog.ts'
import { publicName, splitPublicName } from './catalog/namespace.ts'

export interface Route {
  readonly server: Server
  /** The name by which the server knows the tool. */
  readonly tool: string
}

/**
 * Pure: the permitted path from a public tool name to a server's tool, or null. A listed name is looked up; a name
 * of a server that has no list yet is taken apart, so that a call need not wait for a list.
 */
export function findRoute(name: string, config: Config, catalog: Catalog): Route | null {
  const listed = catalog.find(name)
  if (listed !== null) {
    const server = config.servers.get(listed.serverId)
    return server === undefined || server.isDisabled ? null : { server, tool: listed.tool }
  }
  for (const server of config.servers.values()) {
    if (server.isDisabled || catalog.hasListOf(server.id)) continue
    const tool = server.namespace === '' ? name : splitPublicName(name).tool
    if (publicName(server.namespace, tool) === name) return { server, tool }
  }
  return null
}
