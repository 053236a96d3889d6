import { elements, fieldsOf, isArray, isObject, isString, type Span, textOf } from './wire/json-span.ts'
import type { ResponseMessage } from './wire/message.ts'

const KEPT = 1000
const TASK_ID = new TextEncoder().encode('"taskId"')
const URI = new TextEncoder().encode('"uri"')

/**
 * What servers have named in their results, so that a later request about it finds its server: tasks, and resources
 * that stand in no list. A name stays with the server that came first; what is pushed in a notification names nothing.
 */
export class SessionMemory {
  readonly #tasks = new Map<string, string>()
  readonly #uris = new Map<string, string>()

  ownerOfTask(taskId: string): string | null {
    return this.#tasks.get(taskId) ?? null
  }

  ownerOfUri(uri: string): string | null {
    return this.#uris.get(uri) ?? null
  }

  rememberTask(serverId: string, taskId: string): void {
    keep(this.#tasks, taskId, serverId)
  }

  /** Looks for a few bytes first: hardly any result names either. */
  remember(serverId: string, { bytes, result }: ResponseMessage): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const [hasTask, hasUri] = [text.includes(TASK_ID), text.includes(URI)]
    const fields = hasTask || hasUri ? fieldsOf(bytes, result) : null
    if (fields === null) return
    if (hasTask) this.#rememberTaskIn(serverId, bytes, fields)
    if (hasUri) this.#rememberLinks(serverId, bytes, fields.get('content'))
  }

  #rememberTaskIn(serverId: string, bytes: Uint8Array, result: Map<string, Span>): void {
    const task = result.get('task')
    const taskId = (isObject(bytes, task) ? fieldsOf(bytes, task) : result)?.get('taskId')
    if (isString(bytes, taskId)) this.rememberTask(serverId, textOf(bytes, taskId))
  }

  /** `resource_link` and embedded `resource` in the content of a tool's result. */
  #rememberLinks(serverId: string, bytes: Uint8Array, content: Span | undefined): void {
    if (!isArray(bytes, content)) return
    for (const item of elements(bytes, content)) {
      const fields = fieldsOf(bytes, item)
      const embedded = fields?.get('resource')
      const uri = (isObject(bytes, embedded) ? fieldsOf(bytes, embedded) : fields)?.get('uri')
      if (isString(bytes, uri)) keep(this.#uris, textOf(bytes, uri), serverId)
    }
  }
}

function keep(owners: Map<string, string>, name: string, serverId: string): void {
  if (owners.has(name)) return
  owners.set(name, serverId)
  const [oldest] = owners.keys()
  if (owners.size > KEPT && oldest !== undefined) owners.delete(oldest)
}
