/** Of a server or an auth scope: a word that can stand in a command, whoever pastes it. */
export const ID = /^[a-z0-9][a-z0-9_.-]*$/
export const ID_RULE = 'has small letters, digits, `_`, `.` and `-`'

/** Of an environment variable, and so of a key (POSIX.1-2024, "Name"). */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
export const VARIABLE_NAME_RULE = 'has letters, digits and `_`, and no digit in front'
