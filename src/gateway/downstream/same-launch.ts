import type { Server } from '../../config/index.ts'

/** Whether a running server is still what the configuration asks for. */
export function sameLaunch(before: Server | undefined, after: Server): boolean {
  return JSON.stringify(before) === JSON.stringify(after)
}
