/**
 * The front door of gateway: sessions of clients, and nothing of servers, so that `serve` answers before the rest is
 * loaded.
 */
export type { Opening, StoredReplies } from './catalog/store.ts'
export { isObjectSource } from './catalog/stored-listing.ts'
export { variantOf } from './catalog/variant.ts'
export type { ClientDescription } from './eras/client.ts'
export type { ServiceDeps } from './upstream/service.ts'
export { ClientSession } from './upstream/session.ts'
export { serveStdio } from './upstream/stdio.ts'
