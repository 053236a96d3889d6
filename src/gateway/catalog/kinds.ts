/** What servers list. `key`: the member that tells one item from another. */
export const LIST_KINDS = {
  tools: {
    method: 'tools/list',
    member: 'tools',
    key: 'name',
    capability: 'tools',
    changed: 'notifications/tools/list_changed',
  },
  prompts: {
    method: 'prompts/list',
    member: 'prompts',
    key: 'name',
    capability: 'prompts',
    changed: 'notifications/prompts/list_changed',
  },
  resources: {
    method: 'resources/list',
    member: 'resources',
    key: 'uri',
    capability: 'resources',
    changed: 'notifications/resources/list_changed',
  },
  templates: {
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    key: 'uriTemplate',
    capability: 'resources',
    changed: 'notifications/resources/list_changed',
  },
} as const

export type ListKind = keyof typeof LIST_KINDS
export const KINDS = Object.keys(LIST_KINDS) as readonly ListKind[]

export function kindOfMethod(method: string): ListKind | null {
  return KINDS.find((kind) => LIST_KINDS[kind].method === method) ?? null
}

/** The kinds that such a notification is about; none when it is not about a list. */
export function kindsChangedBy(method: string): readonly ListKind[] {
  return KINDS.filter((kind) => LIST_KINDS[kind].changed === method)
}

export function byKind<T>(of: (kind: ListKind) => T): Record<ListKind, T> {
  return { tools: of('tools'), prompts: of('prompts'), resources: of('resources'), templates: of('templates') }
}
