import { z } from 'zod'

export const ID = /^[a-z0-9][a-z0-9_.-]*$/
export const NAMESPACE = /^[a-z0-9]+([_-][a-z0-9]+)*$/
export const MAX_NAMESPACE = 20
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

// a file is checked once: code that is made for it first takes longer than the check
z.config({ jitless: true })

const id = z.string().regex(ID, 'an id has small letters, digits, `_`, `.` and `-`')
const envName = z.string().regex(ENV_NAME, 'a variable name has letters, digits and `_`, and no digit in front')
const ownEnvName = envName.refine(
  (name) => !name.startsWith('MCPLEXER_'),
  'MCPLEXER_ variables are never given to a server',
)
const noNul = z.string().refine((text) => !text.includes('\0'), 'no NUL characters')
const seconds = z.number().int().min(0).max(86_400)

const keySchema = z.strictObject({
  name: envName.describe('The environment variable that the server reads'),
  description: z.string().optional().describe('What it is, for the person who has to get it'),
  obtain: z.string().optional().describe('Where to get it'),
  required: z.boolean().default(true).describe('Without it the server is not started'),
  public: z.boolean().default(false).describe('Not a secret: it may stand in results and other calls'),
})

const authScopeSchema = z.strictObject({
  id: id.describe('Unique; the SCOPE of `mcplexer secret put SCOPE KEY`'),
  name: z.string().optional().describe('For people'),
  type: z.literal('env').default('env').describe('How the keys reach the server: as environment variables'),
  keys: z.array(keySchema).default([]).describe('What this scope must hold'),
})

/** `api.github.com`, `*.github.com`, `10.0.0.5:8443`, `[::1]:8443` */
const HOST = /^((\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/
const host = z
  .string()
  .regex(HOST)
  .refine((text) => isPort(/:(\d+)$/.exec(text)?.[1] ?? '443'))

const serverSchema = z.strictObject({
  id: id.describe('Unique'),
  transport: z.literal('stdio').default('stdio').describe('How to talk to the server'),
  command: noNul
    .min(1)
    .describe('A program in PATH, or a path; a relative one starts at the folder of this file'),
  args: z.array(noNul).default([]).describe('Its arguments; never secrets, as every user can see them'),
  env: z.record(ownEnvName, noNul).default({}).describe('Plain settings; never secrets'),
  inherit_env: z
    .array(ownEnvName)
    .default([])
    .describe('Variables of the host that the server may see, besides the short default list'),
  cwd: noNul.default('~').describe('The folder it runs in; `client` is the folder that the client runs in'),
  tool_namespace: z
    .union([z.literal(''), z.string().max(MAX_NAMESPACE).regex(NAMESPACE)])
    .optional()
    .describe('Stands before each tool name; default: the id; "" is allowed for an only server'),
  auth_scope: z.string().optional().describe('Id of the auth scope that is opened for it'),
  idle_timeout_sec: seconds.default(300).describe('Stopped after this time without a call; 0: never'),
  startup_timeout_sec: seconds.min(1).default(60).describe('How long it may take to be ready'),
  call_timeout_sec: seconds.default(120).describe('How long a call may take without progress; 0: no limit'),
  instances: z
    .enum(['shared', 'per-session'])
    .optional()
    .describe('One process for all clients, or one for each; default: shared for servers without sessions'),
  max_instances: seconds.default(0).describe('Processes of it at once; 0: no limit'),
  restart_policy: z
    .enum(['on-failure', 'always', 'never'])
    .default('on-failure')
    .describe('After it ended by itself: started again by the next call, at once, or not at all'),
  disabled: z.boolean().default(false).describe('Keeps the entry without offering its tools'),
  pin: z
    .union([z.enum(['on', 'off']), z.boolean().transform((isOn) => (isOn ? 'on' : 'off'))])
    .default('on')
    .describe('off: changed or new tools are offered without asking'),
  shield: z
    .enum(['off', 'default', 'strict'])
    .default('default')
    .describe('default: it sees neither our files nor other processes; strict: a home of its own, too'),
  readable: z.array(noNul).default([]).describe('With a strict shield: what of your home it may read'),
  writable: z.array(noNul).default([]).describe('With a strict shield: folders that it may write'),
  network: z
    .union([z.enum(['all', 'none']), z.array(host).min(1)])
    .default('all')
    .describe('none: no network at all; a list: only these hosts, through a proxy'),
})

const auditSchema = z.strictObject({
  arguments: z.boolean().default(false).describe('Keep the arguments of calls, without live values'),
  on_failure: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe('What becomes of a call that cannot be put on record'),
  keep_days: z.number().int().min(0).max(36_500).default(365).describe('Older entries go; 0: they stay'),
  keep_entries: z
    .number()
    .int()
    .min(0)
    .max(1_000_000_000)
    .default(1_000_000)
    .describe('Of more than these the oldest go; 0: they stay'),
  keep_mb: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(1000)
    .describe('Of more megabytes of entries than these the oldest go; 0: they stay'),
})

/** A section whose entries are all commented out reads as null; it is empty. */
const list = <T extends z.ZodType>(entry: T) =>
  z
    .array(entry)
    .nullish()
    .transform((entries) => entries ?? [])

export const fileSchema = z.strictObject({
  auth_scopes: list(authScopeSchema).describe('Compartments of credentials; their values are never here'),
  downstream_servers: list(serverSchema).describe('The MCP servers behind mcplexer'),
  audit: auditSchema.prefault({}).describe('What is kept of what was done'),
  lock_idle_min: z
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe('Lock everything after this many minutes without a call; 0: never'),
  require_shield: z
    .boolean()
    .default(false)
    .describe('Servers are not started on a machine where no shield works'),
  first_list_wait_sec: seconds
    .default(5)
    .describe('How long the first list of tools waits for servers never seen before'),
})

export type ConfigFile = z.output<typeof fileSchema>
export type ServerEntry = ConfigFile['downstream_servers'][number]

export function knownKeysOf(path: readonly PropertyKey[]): string[] {
  const [section, , list] = path
  if (section === undefined) return Object.keys(fileSchema.shape)
  if (section === 'audit') return Object.keys(auditSchema.shape)
  if (section === 'downstream_servers') return Object.keys(serverSchema.shape)
  return Object.keys(list === 'keys' ? keySchema.shape : authScopeSchema.shape)
}

/** Of all places together. */
export const ALL_KEYS: ReadonlySet<string> = new Set(
  [fileSchema, auditSchema, serverSchema, authScopeSchema, keySchema].flatMap(({ shape }) =>
    Object.keys(shape),
  ),
)

/** Decimal digits. */
function isPort(text: string): boolean {
  return Number(text) >= 1 && Number(text) <= 65_535
}
