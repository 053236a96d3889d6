import { ID, nearest } from '../base/index.ts'
import type { ConfigProblem } from './config-error.ts'
import { MAX_NAMESPACE, NAMESPACE } from './schema.ts'
import type { YamlSource } from './source.ts'

export type Fields = Readonly<Record<string, unknown>>

/**
 * What no single entry shows: duplicates and dangling references. Works on the file as it stands, so that a bad
 * type in one entry does not hide a duplicate in another; what is not text is the schema's business.
 */
export function crossProblems(file: unknown, source: YamlSource): ConfigProblem[] {
  const scopes = entriesOf(file, 'auth_scopes')
  const servers = entriesOf(file, 'downstream_servers')
  return [
    ...duplicates(scopes, ['auth_scopes'], 'id', 'this id is taken by an entry above', source),
    ...duplicates(servers, ['downstream_servers'], 'id', 'this id is taken by an entry above', source),
    ...scopes.flatMap((scope, index) => {
      const path = ['auth_scopes', index, 'keys']
      return duplicates(entriesOf(scope, 'keys'), path, 'name', 'this key stands above already', source)
    }),
    ...danglingScopes(scopes, servers, source),
    ...namespaceProblems(servers, source),
  ]
}

export function defaultNamespace(id: string): string {
  return id.replaceAll('.', '-')
}

function duplicates(
  entries: readonly Fields[],
  path: readonly PropertyKey[],
  field: string,
  message: string,
  source: YamlSource,
): ConfigProblem[] {
  return repeated(entries.map((entry) => textOf(entry, field))).map((index) =>
    source.problemAt([...path, index, field], message),
  )
}

function danglingScopes(
  scopes: readonly Fields[],
  servers: readonly Fields[],
  source: YamlSource,
): ConfigProblem[] {
  const ids = new Set(scopes.flatMap((scope) => textOf(scope, 'id') ?? []))
  return servers.flatMap((server, index) => {
    const wanted = textOf(server, 'auth_scope')
    if (wanted === null || ids.has(wanted)) return []
    const meant = nearest(wanted, ids)
    const message = `there is no such auth scope${meant === null ? '' : `; did you mean ${meant}?`}`
    return [source.problemAt(['downstream_servers', index, 'auth_scope'], message)]
  })
}

function namespaceProblems(servers: readonly Fields[], source: YamlSource): ConfigProblem[] {
  const namespaces = servers.map(namespaceOf)
  const at = (index: number, message: string): ConfigProblem => {
    const field = servers[index]?.['tool_namespace'] === undefined ? 'id' : 'tool_namespace'
    return source.problemAt(['downstream_servers', index, field], message)
  }
  const unusable = namespaces.flatMap((namespace, index) => {
    if (namespace === '' && servers.length > 1) return [at(index, 'an empty namespace is for an only server')]
    if (namespace === null || namespace === '' || isNamespace(namespace)) return []
    return [at(index, 'this id cannot stand before tool names; add a short `tool_namespace`')]
  })
  const taken = repeated(namespaces).map((index) => at(index, 'this namespace is taken by a server above'))
  return [...unusable, ...taken]
}

/** Null when the schema has something to say about it. */
function namespaceOf(server: Fields): string | null {
  if (server['tool_namespace'] === undefined) {
    const id = textOf(server, 'id')
    return id !== null && ID.test(id) ? defaultNamespace(id) : null
  }
  const namespace = textOf(server, 'tool_namespace')
  return namespace === '' || (namespace !== null && isNamespace(namespace)) ? namespace : null
}

function isNamespace(text: string): boolean {
  return text.length <= MAX_NAMESPACE && NAMESPACE.test(text)
}

/** Indexes of what stood before. */
function repeated(names: readonly (string | null)[]): number[] {
  const earlier = new Set<string>()
  return names.flatMap((name, index) => {
    if (name === null) return []
    if (earlier.has(name)) return [index]
    earlier.add(name)
    return []
  })
}

/** What is no mapping counts as an empty one, so that the places stay right. */
export function entriesOf(holder: unknown, list: string): Fields[] {
  const entries = isFields(holder) ? holder[list] : null
  return Array.isArray(entries) ? entries.map((entry) => (isFields(entry) ? entry : {})) : []
}

export function textOf(entry: Fields, field: string): string | null {
  const value = entry[field]
  return typeof value === 'string' ? value : null
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
