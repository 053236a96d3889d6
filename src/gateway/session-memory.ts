import { elements, fieldsOf, isArray, isObject, isString, textOf } from './wire/json-span.ts'
import type { ResponseMessage } from './wire/message.ts'
import { taskIn } from './wire/task.ts'

const KEPT = 1000
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

  remember(serverId: string, response: ResponseMessage): void {
    const task = taskIn(response)
    if (task !== null) this.rememberTask(serverId, task.taskId)
    this.#rememberLinks(serverId, response)
  }

  /** `resource_link` and embedded `resource` in the content of a tool's result. */
  #rememberLinks(serverId: string, { bytes, result }: ResponseMessage): void {
    // hardly any result names one
    if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(URI)) return
    const content = fieldsOf(bytes, result)?.get('content')
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
