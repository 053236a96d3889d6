import type { Secret } from '../../base/index.ts'

/** Somebody at a terminal. Each throws CLI_CANCELLED when they give up. */
export interface Person {
  /** What is typed is not shown. */
  askSecret(question: string): Promise<Secret>
  askLine(question: string): Promise<string>
  /** Whether it is `yes`; `no` null: there is nothing else to choose. */
  choose(question: string, yes: string, no: string | null): Promise<boolean>
}
