import { nearest } from '../base/index.ts'
import type { ConfigProblem } from './config-error.ts'
import { type ConfigFile, MAX_NAMESPACE, NAMESPACE, type ServerEntry } from './schema.ts'
import type { YamlSource } from './source.ts'

/** What no single entry shows: duplicates and dangling references. */
export function crossProblems(file: ConfigFile, source: YamlSource): ConfigProblem[] {
  return [
    ...duplicates(file.auth_scopes, 'auth_scopes', source),
    ...duplicates(file.downstream_servers, 'downstream_servers', source),
    ...file.auth_scopes.flatMap((scope, index) => duplicateKeys(scope.keys, index, source)),
    ...danglingScopes(file, source),
    ...namespaceProblems(file.downstream_servers, source),
  ]
}

export function defaultNamespace(id: string): string {
  return id.replaceAll('.', '-')
}

function duplicates(entries: readonly { id: string }[], section: string, source: YamlSource): ConfigProblem[] {
  return repeated(entries.map(({ id }) => id)).map((index) =>
    source.problemAt([section, index, 'id'], 'this id is taken by an entry above'),
  )
}

function duplicateKeys(keys: readonly { name: string }[], scope: number, source: YamlSource): ConfigProblem[] {
  return repeated(keys.map(({ name }) => name)).map((index) =>
    source.problemAt(['auth_scopes', scope, 'keys', index, 'name'], 'this key stands above already'),
  )
}

function danglingScopes(file: ConfigFile, source: YamlSource): ConfigProblem[] {
  const ids = file.auth_scopes.map(({ id }) => id)
  return file.downstream_servers.flatMap(({ auth_scope }, index) => {
    if (auth_scope === undefined || ids.includes(auth_scope)) return []
    const meant = nearest(auth_scope, ids)
    const message = `there is no such auth scope${meant === null ? '' : `; did you mean ${meant}?`}`
    return [source.problemAt(['downstream_servers', index, 'auth_scope'], message)]
  })
}

function namespaceProblems(servers: readonly ServerEntry[], source: YamlSource): ConfigProblem[] {
  const namespaces = servers.map(({ id, tool_namespace }) => tool_namespace ?? defaultNamespace(id))
  const at = (index: number, message: string): ConfigProblem => {
    const field = servers[index]?.tool_namespace === undefined ? 'id' : 'tool_namespace'
    return source.problemAt(['downstream_servers', index, field], message)
  }
  const unusable = namespaces.flatMap((namespace, index) => {
    if (namespace === '')
      return servers.length > 1 ? [at(index, 'an empty namespace is for an only server')] : []
    if (namespace.length <= MAX_NAMESPACE && NAMESPACE.test(namespace)) return []
    return [at(index, 'this id cannot stand before tool names; add a short `tool_namespace`')]
  })
  const taken = repeated(namespaces).map((index) => at(index, 'this namespace is taken by a server above'))
  return [...unusable, ...taken]
}

/** Indexes of what stood before. */
function repeated(names: readonly string[]): number[] {
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [index] : []))
}
