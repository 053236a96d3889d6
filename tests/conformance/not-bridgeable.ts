/**
 * What the suite asks for and no gateway can give between the eras, with the sentence of the specification (and its
 * page) that makes it so. The list may only shrink: `scripts/conformance` fails when one of these passes.
 */
interface NotBridgeable {
  readonly scenario: string
  readonly because: string
}

const REQUESTS_OF_SERVERS =
  'MCP 2026-07-28, Transports: stdio: "The server MUST NOT write JSON-RPC requests to stdout." The tool of a modern server that wants to send one is refused by its own SDK and says so in its result.'

/** A client of 2025-11-25 in front of a server of 2026-07-28. */
export const LEGACY_CLIENT: readonly NotBridgeable[] = [
  { scenario: 'tools-call-sampling', because: REQUESTS_OF_SERVERS },
  { scenario: 'tools-call-elicitation', because: REQUESTS_OF_SERVERS },
  { scenario: 'elicitation-sep1034-defaults', because: REQUESTS_OF_SERVERS },
  { scenario: 'elicitation-sep1330-enums', because: REQUESTS_OF_SERVERS },
]

/** A client of 2026-07-28 in front of a server of 2025-11-25. */
export const MODERN_CLIENT: readonly NotBridgeable[] = [
  {
    scenario: 'input-required-result-basic-elicitation',
    because:
      'MCP 2026-07-28, Multi Round-Trip Requests: "`inputRequests` keys are server assigned identifiers". A request of a legacy server has an id that its SDK counts, and no such key; the scenario wants the key `user_name`.',
  },
  {
    scenario: 'input-required-result-capability-check',
    because:
      'MCP 2026-07-28, Overview: "_meta: Every request supplies this metadata". A legacy server reads capabilities from `initialize` alone; the tool of the scenario looks into the request and finds nothing.',
  },
  {
    scenario: 'server-stateless',
    because:
      'MCP 2026-07-28, Overview: "the server MUST return a MissingRequiredClientCapabilityError (-32021)". A legacy server knows no such error and answers with a result of its own words.',
  },
]
