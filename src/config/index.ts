/**
 * config: structure, never a secret. In: the YAML file that people commit. Out: a checked `Config`, or every
 * problem in it with line and column. Never: echoes a value of the file, since it could be a secret. Begin at load.ts.
 */

export type { AuthScope, Config, Server } from './config.ts'
export { ConfigError, type ConfigProblem } from './config-error.ts'
export { exampleConfig } from './example.ts'
export { configJsonSchema } from './json-schema.ts'
export { checkConfig, loadConfig, parseConfig } from './load.ts'
export { credentialKind } from './secret-scan.ts'
export { watchConfig } from './watch.ts'
