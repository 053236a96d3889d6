/**
 * `bwrap` hides files and processes, `landlock` and `seatbelt` deny them; `none`: a server can read whatever its user
 * can.
 */
export type ShieldKind = 'bwrap' | 'landlock' | 'seatbelt' | 'none'

/** What the configuration says of one server. */
export interface ShieldWish {
  readonly id: string
  readonly authScope: string | null
  readonly level: 'off' | 'default' | 'strict'
  /** Absolute; for `strict` only. */
  readonly readable: readonly string[]
  readonly writable: readonly string[]
  /** Or the hosts that it may reach. */
  readonly network: 'all' | 'none' | readonly string[]
  /** Whether it is better not started than without a shield. */
  readonly isRequired: boolean
  /** Told of each host that it wanted to reach and that is not listed: the server's own word, with what it knows. */
  onRefused(target: string): void
}

export interface Shield {
  readonly kind: ShieldKind
  /** The whole command line, for a server that runs in `folder`; `variables` are set behind the shield only. */
  wrap(command: readonly string[], folder: string, variables: Readonly<Record<string, string>>): string[]
}

/** Everything that a start behind a shield depends on; all paths without links. */
export interface Plan extends Omit<ShieldWish, 'id' | 'authScope' | 'isRequired' | 'onRefused'> {
  readonly hidden: readonly string[]
  readonly readOnly: readonly string[]
  readonly home: string
  readonly privateHome: string
  readonly folder: string
  readonly executable: string
  /** Files in hidden folders, or anywhere, that it needs to be there. */
  readonly shown: readonly string[]
}
