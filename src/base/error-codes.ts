/** Every error code there is. Append only: scripts and tests of users rely on them. The prefix names the room. */
export type ErrorCode =
  | 'BASE_HOME_UNKNOWN'
  | 'BASE_FILE_UNWRITABLE'
  | 'CLI_USAGE'
  | 'CLI_NEEDS_TERMINAL'
  | 'CLI_CANCELLED'
