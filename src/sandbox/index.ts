/**
 * sandbox: what a server can reach. In: the folders that nobody behind us may see, and what the configuration says
 * of one server. Out: the command line that starts it behind the strongest shield of this machine. Never: starts a
 * server itself, or lets one start with less than what was asked for.
 */
export { runBehindBridge } from './egress/bridge.ts'
export { runShielded } from './launcher.ts'
export type { Shield, ShieldKind, ShieldWish } from './plan.ts'
export { canGive, Sandbox } from './sandbox.ts'
