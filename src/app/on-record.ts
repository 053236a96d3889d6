import type { AuditEntry, AuditLog } from '../audit/index.ts'
import type { ErrorCode } from '../base/index.ts'

export type What = Pick<AuditEntry, 'kind' | 'action' | 'scope' | 'keys'>

/**
 * Does what a person asked for, and puts on record that it was done, or tried. `missing`: the code of what a result
 * shows not to be there, or null. A name that nothing has is not put on record: somebody may have typed a value there.
 */
export type OnRecord = <T>(
  what: What,
  work: () => Promise<T>,
  missing?: (result: T) => ErrorCode | null,
) => Promise<T>

export function onRecord(open: () => Promise<AuditLog>): OnRecord {
  return async (what, work, missing) => {
    const audit = await open()
    try {
      const result = await work()
      audit.record(entryOf(what, missing?.(result) ?? null))
      return result
    } catch (error) {
      audit.recordNotDone(what, error)
      throw error
    } finally {
      await audit.flush()
    }
  }
}

function entryOf(what: What, reason: ErrorCode | null): AuditEntry {
  if (reason === null) return { ...what, decision: 'allowed' }
  const { keys, scope, ...rest } = what
  const held = reason === 'CLI_SCOPE_UNKNOWN' ? {} : { scope }
  return { ...rest, ...held, decision: 'failed', reason }
}
