import type { Config, Server } from '../config/index.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { ListKind } from './catalog/kinds.ts'
import { publicKey, publicUri, splitPublicName } from './catalog/namespace.ts'
import { templateMatch } from './catalog/templates.ts'
import type { SessionMemory } from './session-memory.ts'
import { type Edit, replaceWith } from './wire/json-edit.ts'
import { isObject, isString, members, type Span, textOf } from './wire/json-span.ts'
import { type RequestMessage, textParam } from './wire/message.ts'

export interface Route {
  readonly server: Server
  /** What makes the request one to the server itself: its own name of the tool, prompt or resource. */
  readonly edits: readonly Edit[]
  /** The name or URI by which the server knows what the request is about; null when it is not about one. */
  readonly key: string | null
}

interface RouteDeps {
  readonly config: Config
  readonly catalog: Catalog
  readonly memory: SessionMemory
}

/** Pure: the permitted path from a request to a server, or null. "Denied" and "does not exist" are the same. */
export function findRoute(request: RequestMessage, deps: RouteDeps): Route | null {
  switch (request.method) {
    case 'tools/call':
      return byName(request, 'tools', request.params.get('name'), deps)
    case 'prompts/get':
      return byName(request, 'prompts', request.params.get('name'), deps)
    case 'completion/complete':
      return byReference(request, deps)
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return byUri(request, request.params.get('uri'), deps)
  }
  if (request.method.startsWith('tasks/')) return byTask(request, deps)
  return toTheOnly(deps.config.enabled)
}

/** A listed name is looked up; one of a server never seen is taken apart, so that a call need not wait for a list. */
function byName(
  request: RequestMessage,
  kind: ListKind,
  span: Span | undefined,
  { config, catalog }: RouteDeps,
): Route | null {
  if (!isString(request.bytes, span)) return null
  const name = textOf(request.bytes, span)
  const listed = catalog.find(kind, name)
  if (listed !== null) return routeTo(listed.server, span, name, listed.key)
  for (const server of config.enabled) {
    if (catalog.listingOf(server.id) !== null) continue
    const key = server.namespace === '' ? name : splitPublicName(name).tool
    if (publicKey(kind, server.namespace, key) === name) return routeTo(server, span, name, key)
  }
  return null
}

function byReference(request: RequestMessage, deps: RouteDeps): Route | null {
  const reference = request.params.get('ref')
  if (!isObject(request.bytes, reference)) return null
  const fields = members(request.bytes, reference)
  const name = fields.get('name')
  return name === undefined ? byUri(request, fields.get('uri'), deps) : byName(request, 'prompts', name, deps)
}

/** The server that lists it, then the narrowest template, then who mentioned it, then the only one it can be. */
function byUri(request: RequestMessage, span: Span | undefined, deps: RouteDeps): Route | null {
  if (!isString(request.bytes, span)) return null
  const uri = textOf(request.bytes, span)
  const listed = deps.catalog.find('resources', uri) ?? deps.catalog.find('templates', uri)
  if (listed !== null) return routeTo(listed.server, span, uri, listed.key)
  const mentioned = deps.memory.ownerOfUri(uri)
  const templated = byTemplate(uri, deps.catalog)
  if (templated !== null) return routeTo(templated.server, span, uri, templated.key)
  const server = mentioned === null ? undefined : deps.config.servers.get(mentioned)
  return server === undefined ? toTheOnly(withResources(deps), uri) : routeTo(server, span, uri, uri)
}

/** One that several servers have carries their name, as its public template does. */
function byTemplate(uri: string, catalog: Catalog): { server: Server; key: string } | null {
  let narrowest: { server: Server; key: string; literal: number } | null = null
  for (const { server, key, publicKey: template } of catalog.all('templates')) {
    const literal = templateMatch(template, uri)
    if (literal === null || literal <= (narrowest?.literal ?? -1)) continue
    const prefix = publicUri(server.namespace, '')
    const isPrefixed = template !== key && template.startsWith(prefix)
    narrowest = { server, literal, key: isPrefixed ? uri.slice(prefix.length) : uri }
  }
  return narrowest
}

function byTask(request: RequestMessage, deps: RouteDeps): Route | null {
  const taskId = textParam(request, 'taskId')
  const owner = taskId === null ? null : deps.memory.ownerOfTask(taskId)
  const server = deps.config.enabled.find(({ id }) => id === owner)
  return server === undefined ? toTheOnly(deps.config.enabled) : { server, edits: [], key: null }
}

function withResources({ config, catalog }: RouteDeps): Server[] {
  return config.enabled.filter((server) => {
    const listing = catalog.listingOf(server.id)
    return listing === null || Object.hasOwn(JSON.parse(listing.offer.capabilities), 'resources')
  })
}

function toTheOnly(servers: readonly Server[], key: string | null = null): Route | null {
  const [server] = servers
  return server === undefined || servers.length > 1 ? null : { server, edits: [], key }
}

function routeTo(server: Server, span: Span, name: string, key: string): Route | null {
  if (server.isDisabled) return null
  return { server, edits: name === key ? [] : [replaceWith(span, JSON.stringify(key))], key }
}
