/** RFC 5424 severities as MCP names them, the least severe first. */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

export function isLogLevel(level: string | null): level is string {
  return level !== null && LEVELS.includes(level)
}

/** Whether a message of `level` is wanted by somebody who asked for `wanted`; what is no level is let through. */
export function isAtLeast(level: string | null, wanted: string): boolean {
  return level === null || !isLogLevel(level) || LEVELS.indexOf(level) >= LEVELS.indexOf(wanted)
}
