import { isMcplexerError, log } from '../../base/index.ts'
import { withinStartupTimeout } from '../downstream/deadline.ts'
import type { ServerLink } from '../downstream/link.ts'
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
import type { ResponseMessage } from '../wire/message.ts'

type OnTask = (link: ServerLink, taskId: string) => void

const MAX_TASKS = 10_000

/**
 * The tasks of all servers that run and have any, as JSON source of the result of `tasks/list`: the first page of
 * each. A server that gives none, or none in time, is left out. MCP 2025-11-25, "Tasks: Listing Tasks".
 */
export async function mergedTasks(links: readonly ServerLink[], onTask: OnTask): Promise<string> {
  const able = links.filter((link) => link.era === 'legacy' && link.offers('tasks'))
  const lists = await Promise.all(able.map((link) => tasksOf(link, onTask)))
  return `{"tasks":[${lists.flat().join(',')}]}`
}

async function tasksOf(link: ServerLink, onTask: OnTask): Promise<string[]> {
  const { server, connection } = link
  try {
    const late = `server ${server.id}: tasks/list was not answered`
    const reply = await withinStartupTimeout(server, connection.request('tasks/list', '{}'), late)
    return listed(reply).map(([source, taskId]) => {
      onTask(link, taskId)
      return source
    })
  } catch (error) {
    log.warn(isMcplexerError(error) ? error.message : `server ${server.id}: its tasks cannot be read`)
    return []
  }
}

/** Source and id of each; what has no id is no task. */
function listed({ bytes, result }: ResponseMessage): [source: string, taskId: string][] {
  const tasks = result !== null && isObject(bytes, result) ? members(bytes, result).get('tasks') : undefined
  if (!isArray(bytes, tasks)) return []
  return elements(bytes, tasks, MAX_TASKS).flatMap((task): [string, string][] => {
    const id: Span | undefined = isObject(bytes, task) ? members(bytes, task).get('taskId') : undefined
    return isString(bytes, id) ? [[sourceOf(bytes, task), textOf(bytes, id)]] : []
  })
}
