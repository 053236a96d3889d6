import { elements, isArray, isObject, isString, members, type Span, textOf } from '../wire/json-span.ts'
import type { ResponseMessage } from '../wire/message.ts'

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
    if (result === null || !isObject(bytes, result)) return
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (text.includes(TASK_ID)) this.#rememberTaskIn(serverId, bytes, members(bytes, result))
    if (text.includes(URI)) this.#rememberLinks(serverId, bytes, members(bytes, result).get('content'))
  }

  #rememberTaskIn(serverId: string, bytes: Uint8Array, result: Map<string, Span>): void {
    const task = result.get('task')
    const holder = isObject(bytes, task) ? members(bytes, task) : result
    const taskId = holder.get('taskId')
    if (isString(bytes, taskId)) this.rememberTask(serverId, textOf(bytes, taskId))
  }

  /** `resource_link` and embedded `resource` in the content of a tool's result. */
  #rememberLinks(serverId: string, bytes: Uint8Array, content: Span | undefined): void {
    if (!isArray(bytes, content)) return
    for (const item of elements(bytes, content)) {
      const fields = isObject(bytes, item) ? members(bytes, item) : null
      const embedded = fields?.get('resource')
      const uri = isObject(bytes, embedded) ? members(bytes, embedded).get('uri') : fields?.get('uri')
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
