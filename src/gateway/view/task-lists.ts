import type { ServerLink } from '../downstream/link.ts'
import { elements, isArray, isObject, members, sourceOf } from '../wire/json-span.ts'
import type { ResponseMessage } from '../wire/message.ts'

/**
 * The tasks of all servers that run and have any, as JSON source of the result of `tasks/list`; each page of each.
 * MCP 2025-11-25, "Tasks: Listing Tasks". `seen` hears of every reply.
 */
export async function mergedTasks(
  links: readonly ServerLink[],
  seen: (link: ServerLink, tasks: readonly string[]) => void,
): Promise<string> {
  const lists = await Promise.all(
    links.filter((link) => link.era === 'legacy' && link.offers('tasks')).map((link) => tasksOf(link, seen)),
  )
  return `{"tasks":[${lists.flat().join(',')}]}`
}

async function tasksOf(
  link: ServerLink,
  seen: (link: ServerLink, tasks: readonly string[]) => void,
): Promise<readonly string[]> {
  const reply = await link.connection.request('tasks/list', '{}').catch(() => null)
  const tasks = reply === null ? [] : listed(reply)
  seen(link, tasks)
  return tasks
}

function listed({ bytes, result }: ResponseMessage): string[] {
  const tasks =
    isObject(bytes, result ?? undefined) && result !== null ? members(bytes, result).get('tasks') : undefined
  return isArray(bytes, tasks) ? elements(bytes, tasks).map((task) => sourceOf(bytes, task)) : []
}
