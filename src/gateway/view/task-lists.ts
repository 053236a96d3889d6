import { log } from '../../base/index.ts'
import type { ServerLink } from '../downstream/link.ts'
import { fetchList } from '../downstream/listing.ts'
import type { ClientDescription } from '../eras/client.ts'

type OnTask = (link: ServerLink, taskId: string) => void

const TASKS = { method: 'tasks/list', member: 'tasks' }

/**
 * The tasks of all servers that run and have any, as JSON source of the result of `tasks/list`: all pages of each. A
 * server that gives none, or none in time, is left out. MCP 2025-11-25, "Tasks: Listing Tasks".
 */
export async function mergedTasks(
  links: readonly ServerLink[],
  client: ClientDescription,
  onTask: OnTask,
): Promise<string> {
  const able = links.filter((link) => link.era === 'legacy' && link.offers('tasks'))
  const lists = await Promise.all(able.map((link) => tasksOf(link, client, onTask)))
  return `{"tasks":[${lists.flat().join(',')}]}`
}

async function tasksOf(link: ServerLink, client: ClientDescription, onTask: OnTask): Promise<string[]> {
  try {
    const { items } = await fetchList(link, client, TASKS)
    return items.filter((source) => {
      const taskId: unknown = JSON.parse(source)?.taskId
      // what has no id is no task
      if (typeof taskId !== 'string') return false
      onTask(link, taskId)
      return true
    })
  } catch (error) {
    log.failure(error, `server ${link.server.id}: its tasks cannot be read`, 'warn')
    return []
  }
}
