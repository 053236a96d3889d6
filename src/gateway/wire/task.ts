import { fieldsOf, isString, sourceOf, textOf } from './json-span.ts'
import type { ResponseMessage } from './message.ts'

const TASK_ID = new TextEncoder().encode('"taskId"')
/** MCP 2025-11-25, "Tasks: Task Status Lifecycle"; SEP-2663 has the same. */
const OVER = new Set(['completed', 'failed', 'cancelled'])

export interface Task {
  readonly taskId: string
  /** How long it goes on at most, or may be asked for; 0 when it is over, infinite when the server names no end. */
  readonly openMs: number
}

/** The task that a reply begins, or is about; null when there is none. Looks for a few bytes first: hardly any has one. */
export function taskIn({ bytes, result }: ResponseMessage): Task | null {
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(TASK_ID)) return null
  const fields = fieldsOf(bytes, result)
  const task = fieldsOf(bytes, fields?.get('task')) ?? fields
  const taskId = task?.get('taskId')
  if (task === null || !isString(bytes, taskId)) return null
  const status = task.get('status')
  const isOver = isString(bytes, status) && OVER.has(textOf(bytes, status))
  const ttl = task.get('ttl') ?? task.get('ttlMs')
  const ttlMs = ttl === undefined ? Number.NaN : Number.parseFloat(sourceOf(bytes, ttl))
  return {
    taskId: textOf(bytes, taskId),
    openMs: isOver ? 0 : Number.isNaN(ttlMs) ? Number.POSITIVE_INFINITY : ttlMs,
  }
}
