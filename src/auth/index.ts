/**
 * auth: from an opened scope to what one server gets. In: a route, the configuration, the vault. Out: the whole
 * environment of a child. Never: a value of a scope that the server does not hold.
 */

export type { Locks } from '../vault/index.ts'
export { type CredentialSource, type Credentials, openCredentials } from './credentials.ts'
export { isAllowed, type LaunchGrant, type LaunchGrants, launchOf, needsGrant, verdictOn } from './launch.ts'
