/**
 * gateway: from a client's message to the reply. In: MCP messages of client apps, the configuration in force,
 * opened credentials at the moment a server starts. Out: replies, notifications, running servers. Never: reads a
 * key or a database, or keeps a value longer than the server lives that it was injected into.
 */

export { type PinStore, pinOf } from './catalog/pins.ts'
export type { CatalogStore } from './catalog/store.ts'
export { readListing } from './catalog/stored-listing.ts'
export { Gateway } from './gateway.ts'
export { Toolbox } from './toolbox.ts'
