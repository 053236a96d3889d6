/** JSON-RPC 2.0, section 5.1; MCP 2025-11-25 and 2026-07-28, "Error Codes". */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** JSON-RPC leaves it to implementations. */
  refused: -32000,
  /** What clients of 2025 expect of a session that is gone. */
  sessionUnknown: -32001,
  /** Up to 2025-11-25. */
  resourceNotFound: -32002,
  headerMismatch: -32020,
  capabilityMissing: -32021,
  unsupportedVersion: -32022,
  urlElicitationRequired: -32042,
} as const
