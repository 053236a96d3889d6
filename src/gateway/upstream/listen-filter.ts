import { LIST_KINDS } from '../catalog/kinds.ts'
import { TOPICS, type Topic, type TopicKind } from '../view/topic.ts'
import {
  elements,
  isArray,
  isObject,
  isString,
  members,
  type Span,
  sourceOf,
  textOf,
} from '../wire/json-span.ts'
import type { RequestMessage } from '../wire/message.ts'

/** For each field of the filter that is about lists what the client is told then. */
export const LIST_FIELDS = {
  toolsListChanged: LIST_KINDS.tools.changed,
  promptsListChanged: LIST_KINDS.prompts.changed,
  resourcesListChanged: LIST_KINDS.resources.changed,
} as const
type ListField = keyof typeof LIST_FIELDS

const NAMES = Object.keys(LIST_FIELDS) as ListField[]
const KINDS = Object.keys(TOPICS) as TopicKind[]

/** What a client wants to be told of, or is promised. MCP 2026-07-28, "Subscriptions". */
export interface ListenFilter {
  readonly lists: readonly ListField[]
  readonly topics: readonly Topic[]
}

/** Null when there is none. */
export function readFilter({ bytes, params }: RequestMessage): ListenFilter | null {
  const filter = params.get('notifications')
  if (!isObject(bytes, filter)) return null
  const given = members(bytes, filter)
  const isTrue = (name: string): boolean => {
    const span = given.get(name)
    return span !== undefined && sourceOf(bytes, span) === 'true'
  }
  return {
    lists: NAMES.filter(isTrue),
    topics: KINDS.flatMap((kind) =>
      textsIn(bytes, given.get(TOPICS[kind].filter)).map((name) => ({ kind, name })),
    ),
  }
}

/** As the protocol writes it; what there is nothing of is left out. */
export function filterJson({ lists, topics }: ListenFilter): object {
  const byField = Object.groupBy(topics, ({ kind }) => TOPICS[kind].filter)
  return Object.fromEntries([
    ...lists.map((field) => [field, true]),
    ...Object.entries(byField).map(([field, agreed = []]) => [field, agreed.map(({ name }) => name)]),
  ])
}

function textsIn(bytes: Uint8Array, span: Span | undefined): string[] {
  const spans = isArray(bytes, span) ? elements(bytes, span) : []
  return spans.flatMap((each) => (isString(bytes, each) ? textOf(bytes, each) : []))
}
