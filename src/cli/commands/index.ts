import { AuditAlertsCommand } from './audit/alerts.ts'
import { AuditCheckpointCommand } from './audit/checkpoint.ts'
import { AuditExportCommand } from './audit/export.ts'
import { AuditListCommand } from './audit/list.ts'
import { AuditTailCommand } from './audit/tail.ts'
import { AuditVerifyCommand } from './audit/verify.ts'
import { ConfigCheckCommand } from './config/check.ts'
import { ConfigSchemaCommand } from './config/schema.ts'
import { ConnectCommand } from './connect.ts'
import { DaemonStatusCommand } from './daemon/status.ts'
import { DaemonStopCommand } from './daemon/stop.ts'
import { DoctorCommand } from './doctor.ts'
import { InitCommand } from './init.ts'
import { KeyBackupCommand } from './key/backup.ts'
import { KeyProtectCommand } from './key/protect.ts'
import { KeyRestoreCommand } from './key/restore.ts'
import { KeyShowCommand } from './key/show.ts'
import { LockCommand } from './lock.ts'
import { RotateKeyCommand } from './rotate-key.ts'
import { ScopeDeleteCommand } from './scope/delete.ts'
import { ScopeListCommand } from './scope/list.ts'
import { ScopeRevokeCommand } from './scope/revoke.ts'
import { SecretDeleteCommand } from './secret/delete.ts'
import { SecretGetCommand } from './secret/get.ts'
import { SecretListCommand } from './secret/list.ts'
import { SecretPutCommand } from './secret/put.ts'
import { ServeCommand } from './serve.ts'
import { ServersReviewCommand } from './servers/review.ts'
import { StatusCommand } from './status.ts'
import { TokenNewCommand } from './token/new.ts'
import { TokenShowCommand } from './token/show.ts'
import { ToolsCallCommand } from './tools/call.ts'
import { ToolsListCommand } from './tools/list.ts'
import { ToolsReviewCommand } from './tools/review.ts'
import { UnlockCommand } from './unlock.ts'
import { VersionCommand } from './version.ts'

export type CommandClass = (typeof commands)[number]

/** Static: a compiled program has no folder to look into. */
export const commands = [
  InitCommand,
  StatusCommand,
  DoctorCommand,
  ConfigCheckCommand,
  ConfigSchemaCommand,
  SecretPutCommand,
  SecretGetCommand,
  SecretListCommand,
  SecretDeleteCommand,
  ScopeListCommand,
  ScopeDeleteCommand,
  ScopeRevokeCommand,
  LockCommand,
  UnlockCommand,
  RotateKeyCommand,
  KeyShowCommand,
  KeyProtectCommand,
  KeyBackupCommand,
  KeyRestoreCommand,
  ServeCommand,
  ConnectCommand,
  DaemonStatusCommand,
  DaemonStopCommand,
  TokenShowCommand,
  TokenNewCommand,
  ToolsListCommand,
  ToolsCallCommand,
  ToolsReviewCommand,
  ServersReviewCommand,
  AuditListCommand,
  AuditTailCommand,
  AuditExportCommand,
  AuditVerifyCommand,
  AuditCheckpointCommand,
  AuditAlertsCommand,
  VersionCommand,
]

/** What is typed, such as `secret put`. */
export function pathOf({ paths }: CommandClass): string {
  return paths[0]?.join(' ') ?? ''
}
