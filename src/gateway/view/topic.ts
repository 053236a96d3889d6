/** What a client can ask to be told of, in the words of the protocol. */
export const TOPICS = {
  /** MCP 2026-07-28, "Subscriptions". */
  resource: {
    filter: 'resourceSubscriptions',
    request: 'resources/subscribe',
    news: 'notifications/resources/updated',
    param: 'uri',
  },
  /** SEP-2663, "Task Status Notifications". The request is a word of ours: none is sent for one task alone. */
  task: {
    filter: 'taskIds',
    request: 'tasks/subscribe',
    news: 'notifications/tasks',
    param: 'taskId',
  },
} as const

export type TopicKind = keyof typeof TOPICS

/** One thing that a client can be told of, as the client knows it. */
export interface Topic {
  readonly kind: TopicKind
  readonly name: string
}

/** The same for the same, and for nothing else. */
export function topicKey({ kind, name }: Topic): string {
  return `${kind} ${name}`
}
