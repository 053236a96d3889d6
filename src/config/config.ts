interface AuthScopeKey {
  readonly name: string
  readonly description: string | null
  readonly obtain: string | null
  readonly isRequired: boolean
  /** Not kept out of what servers say. */
  readonly isPublic: boolean
}

export interface AuthScope {
  readonly id: string
  readonly name: string | null
  readonly type: 'env'
  readonly keys: readonly AuthScopeKey[]
}

export interface Server {
  readonly id: string
  readonly transport: 'stdio'
  /** A bare name, looked up in PATH, or an absolute path. */
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly inheritEnv: readonly string[]
  /** Absolute, or `client`: the folder that the client app runs in. */
  readonly cwd: string
  /** Empty only when it is the only server. */
  readonly namespace: string
  readonly authScope: string | null
  /** 0: never. */
  readonly idleTimeoutSec: number
  readonly startupTimeoutSec: number
  /** 0: none. */
  readonly callTimeoutSec: number
  /** Null: shared when the server keeps no sessions. */
  readonly instances: 'shared' | 'per-session' | null
  /** 0: no limit. */
  readonly maxInstances: number
  readonly restartPolicy: 'on-failure' | 'always' | 'never'
  readonly isDisabled: boolean
  /** Whether changed or new tools are withheld until a person has looked at them. */
  readonly pin: 'on' | 'off'
  readonly shield: 'off' | 'default' | 'strict'
  /** Absolute; what a strict shield leaves open. */
  readonly readable: readonly string[]
  readonly writable: readonly string[]
  /** Or the hosts that it may reach: `name`, `*.name` or an address, with `:port` if it is not 443. */
  readonly network: 'all' | 'none' | readonly string[]
  /** Not started without a shield. */
  readonly requiresShield: boolean
}

interface AuditSettings {
  /** Arguments of calls, without the values that are live, beside their digest. */
  readonly keepsArguments: boolean
  /** Calls go on when they cannot be put on record. */
  readonly allowsFailure: boolean
  /** 0: for ever. */
  readonly keepDays: number
  /** 0: any number. */
  readonly keepEntries: number
  /** 0: any size. */
  readonly keepMb: number
}

export interface Config {
  readonly path: string
  /** SHA-256 of the file's bytes, hex. */
  readonly digest: string
  readonly firstListWaitSec: number
  /** 0: never. */
  readonly lockIdleMin: number
  readonly audit: AuditSettings
  readonly authScopes: ReadonlyMap<string, AuthScope>
  readonly servers: ReadonlyMap<string, Server>
  /** Those of them that are not disabled, in the order of the file. */
  readonly enabled: readonly Server[]
}
