import type { AuditEntry, AuditLog } from './audit/index.ts'
import { isMcplexerError } from './base/index.ts'

export type What = Pick<AuditEntry, 'kind' | 'action' | 'scope' | 'keys'>

/** Does what a person asked for, and puts on record that it was done, or tried. */
export type OnRecord = <T>(what: What, work: () => Promise<T>) => Promise<T>

export function onRecord(open: () => Promise<AuditLog>): OnRecord {
  return async (what, work) => {
    const audit = await open()
    try {
      const result = await work()
      audit.record({ ...what, decision: 'allowed' })
      return result
    } catch (error) {
      const reason = isMcplexerError(error) ? error.code : 'unexpected'
      audit.record({ ...what, decision: 'failed', reason })
      throw error
    } finally {
      await audit.flush()
    }
  }
}
