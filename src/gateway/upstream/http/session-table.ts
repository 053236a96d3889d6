import type { LegacySession } from './legacy-session.ts'

export interface TableLimits {
  readonly maxSessions: number
  readonly idleMs: number
}

const DEFAULT_LIMITS: TableLimits = { maxSessions: 200, idleMs: 30 * 60_000 }
const SWEEP_MS = 60_000

/** The sessions of all clients, by id. A session belongs to the token that it was begun with. */
export class SessionTable {
  readonly #sessions = new Map<string, LegacySession>()
  readonly #limits: TableLimits
  readonly #sweeper: Timer

  constructor(limits: TableLimits = DEFAULT_LIMITS) {
    this.#limits = limits
    this.#sweeper = setInterval(() => this.#endIdle(), Math.min(SWEEP_MS, limits.idleMs))
    this.#sweeper.unref()
  }

  get isFull(): boolean {
    return this.#sessions.size >= this.#limits.maxSessions
  }

  add(session: LegacySession): void {
    this.#sessions.set(session.id, session)
  }

  find(id: string, bearer: string): LegacySession | null {
    const session = this.#sessions.get(id)
    return session?.bearer === bearer ? session : null
  }

  async end(session: LegacySession): Promise<void> {
    this.#sessions.delete(session.id)
    await session.close()
  }

  /** The token that they were begun with is no longer valid. */
  endOthers(bearer: string): void {
    for (const session of this.#sessions.values()) if (session.bearer !== bearer) void this.end(session)
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper)
    await Promise.all([...this.#sessions.values()].map((session) => this.end(session)))
  }

  #endIdle(): void {
    for (const session of this.#sessions.values())
      if (session.idleMs >= this.#limits.idleMs) void this.end(session)
  }
}
