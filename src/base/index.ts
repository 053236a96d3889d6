/**
 * base: the ground floor. In: nothing of ours. Out: errors with codes, `Secret`, atomic file writes, paths
 * from the environment, the clock, diagnostics on stderr. Never: knows what a scope, a server or a call is.
 */

export {
  createExclusively,
  createOnAnyDisk,
  ensurePrivateFolder,
  replaceAtomically,
  temporariesOf,
} from './atomic-file.ts'
export { openCLibrary } from './c-library.ts'
export { type Clock, systemClock } from './clock.ts'
export { Coalescer } from './coalescer.ts'
export { digestOf } from './digest.ts'
export { Doorstep } from './doorstep.ts'
export {
  absoluteEntries,
  environmentNaming,
  hostEnvironment,
  type Paths,
  resolvePaths,
  userHome,
} from './env.ts'
export type { ErrorCode } from './error-codes.ts'
export { isMcplexerError, McplexerError } from './errors.ts'
export { isForbiddenName } from './forbidden-names.ts'
export { isGuardable } from './guardable.ts'
export { dangerousVariables, hardenProcess } from './hardening.ts'
export { releaseMemoryWhenIdle } from './idle-memory.ts'
export { log } from './log.ts'
export { ID, ID_RULE, VARIABLE_NAME, VARIABLE_NAME_RULE } from './names.ts'
export { nameConfiguration, namingConfiguration } from './naming-configuration.ts'
export { nearest } from './nearest.ts'
export { isPrivate } from './private.ts'
export { isRandomText, randomText } from './random-text.ts'
export { readDescriptor } from './read-descriptor.ts'
export { watchReader } from './reader-watch.ts'
export { realFolder } from './real-folder.ts'
export { Secret } from './secret.ts'
export { makeSocketProof, readSocketProof } from './socket-proof.ts'
export { systemCode, systemReason } from './system-reason.ts'
export { isTerminal } from './terminal.ts'
export { version } from './version.ts'
export { escapedJson, visible, visibleLine } from './visible.ts'
