import * as z from 'zod/mini'
import { ID, ID_RULE, VARIABLE_NAME, VARIABLE_NAME_RULE } from '../base/index.ts'

export const NAMESPACE = /^[a-z0-9]+([_-][a-z0-9]+)*$/
export const MAX_NAMESPACE = 20

// a file is checked once: code that is made for it first takes longer than the check
z.config({ jitless: true })

const id = z.string().check(z.regex(ID, `an id ${ID_RULE}`))
const envName = z.string().check(z.regex(VARIABLE_NAME, `a variable name ${VARIABLE_NAME_RULE}`))
const ownEnvName = envName.check(
  z.refine((name) => !name.startsWith('MCPLEXER_'), 'MCPLEXER_ variables are never given to a server'),
)
const noControl = z
  .string()
  .check(z.refine((text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text), 'no control characters'))
const noNul = z.string().check(z.refine((text) => !text.includes('\0'), 'no NUL characters'))
const whole = (least: number, most: number) => z.int().check(z.minimum(least), z.maximum(most))
const seconds = (least = 0) => whole(least, 86_400)

/** A field with what it is for. */
const about = <T extends z.ZodMiniType>(schema: T, description: string): T =>
  schema.check(z.describe(description))

/** One that may be left out, and is `fallback` then. */
const optional = <T extends z.ZodMiniType>(
  schema: T,
  fallback: z.core.util.NoUndefined<z.output<T>>,
  description: string,
) => about(z._default(schema, fallback), description)

const keySchema = z.strictObject({
  name: about(envName, 'The environment variable that the server reads'),
  description: about(z.optional(z.string()), 'What it is, for the person who has to get it'),
  obtain: about(z.optional(z.string()), 'Where to get it'),
  required: optional(z.boolean(), true, 'Without it the server is not started'),
  public: optional(z.boolean(), false, 'Not a secret: it may stand in results and other calls'),
})

const authScopeSchema = z.strictObject({
  id: about(id, 'Unique; the SCOPE of `mcplexer secret put SCOPE KEY`'),
  name: about(z.optional(z.string()), 'For people'),
  type: optional(z.literal('env'), 'env', 'How the keys reach the server: as environment variables'),
  keys: optional(z.array(keySchema), [], 'What this scope must hold'),
})

/** `api.github.com`, `*.github.com`, `10.0.0.5:8443`, `[::1]:8443` */
const HOST = /^((\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/
const host = z.string().check(
  z.regex(HOST),
  z.refine((text) => isPort(/:(\d+)$/.exec(text)?.[1] ?? '443')),
)

const namespace = z.union([z.literal(''), z.string().check(z.maxLength(MAX_NAMESPACE), z.regex(NAMESPACE))])
const onOrOff = z.pipe(
  z.boolean(),
  z.transform((isOn) => (isOn ? 'on' : 'off')),
)

const serverSchema = z.strictObject({
  id: about(id, 'Unique'),
  transport: optional(z.literal('stdio'), 'stdio', 'How to talk to the server'),
  command: about(
    noControl.check(z.minLength(1)),
    'A program in PATH, or a path; a relative one starts at the folder of this file',
  ),
  args: optional(z.array(noNul), [], 'Its arguments; never secrets, as every user can see them'),
  env: optional(z.record(ownEnvName, noNul), {}, 'Plain settings; never secrets'),
  inherit_env: optional(
    z.array(ownEnvName),
    [],
    'Variables of the host that the server may see, besides the short default list',
  ),
  cwd: optional(
    noControl,
    '~',
    'The folder it runs in; `client` is the folder that the client runs in, and what lies there may be run',
  ),
  tool_namespace: about(
    z.optional(namespace),
    'Stands before each tool name; default: the id; "" is allowed for an only server',
  ),
  auth_scope: about(z.optional(z.string()), 'Id of the auth scope that is opened for it'),
  idle_timeout_sec: optional(seconds(), 300, 'Stopped after this time without a call; 0: never'),
  startup_timeout_sec: optional(seconds(1), 60, 'How long it may take to be ready'),
  call_timeout_sec: optional(seconds(), 120, 'How long a call may take without progress; 0: no limit'),
  instances: about(
    z.optional(z.enum(['shared', 'per-session'])),
    'One process for all clients, or one for each; default: shared for servers without sessions',
  ),
  max_instances: optional(whole(0, 10_000), 0, 'Processes of it at once; 0: no limit'),
  restart_policy: optional(
    z.enum(['on-failure', 'always', 'never']),
    'on-failure',
    'After it ended by itself: started again by the next call, at once, or not at all',
  ),
  disabled: optional(z.boolean(), false, 'Keeps the entry without offering its tools'),
  pin: optional(
    z.union([z.enum(['on', 'off']), onOrOff]),
    'on',
    'off: changed or new tools are offered without asking',
  ),
  shield: optional(
    z.enum(['off', 'default', 'strict']),
    'default',
    'default: it sees neither our files nor other processes; strict: a home of its own, too',
  ),
  readable: optional(z.array(noNul), [], 'With a strict shield: what of your home it may read'),
  writable: optional(z.array(noNul), [], 'With a strict shield: folders that it may write'),
  network: optional(
    z.union([z.enum(['all', 'none']), z.array(host).check(z.minLength(1))]),
    'all',
    'none: no network at all; a list: only these hosts, through a proxy',
  ),
})

const auditSchema = z.strictObject({
  arguments: optional(z.boolean(), false, 'Keep the arguments of calls, without live values'),
  on_failure: optional(
    z.enum(['refuse', 'allow']),
    'refuse',
    'What becomes of a call that cannot be put on record',
  ),
  keep_days: optional(whole(0, 36_500), 365, 'Older entries go; 0: they stay'),
  keep_entries: optional(whole(0, 1_000_000_000), 1_000_000, 'Of more than these the oldest go; 0: they stay'),
  keep_mb: optional(
    whole(0, 1_000_000),
    1000,
    'Of more megabytes of entries than these the oldest go; 0: they stay',
  ),
})

/** A section whose entries are all commented out reads as null; it is empty. */
const list = <T extends z.ZodMiniType>(entry: T, description: string) =>
  about(
    z.pipe(
      z.nullish(z.array(entry)),
      z.transform((entries) => entries ?? []),
    ),
    description,
  )

export const fileSchema = z.strictObject({
  auth_scopes: list(authScopeSchema, 'Compartments of credentials; their values are never here'),
  downstream_servers: list(serverSchema, 'The MCP servers behind mcplexer'),
  audit: about(z.prefault(auditSchema, {}), 'What is kept of what was done'),
  lock_idle_min: optional(
    whole(0, 100_000),
    0,
    'Lock everything after this many minutes without a call; 0: never',
  ),
  require_shield: optional(z.boolean(), false, 'Servers are not started on a machine where no shield works'),
  first_list_wait_sec: optional(
    seconds(),
    5,
    'How long the first list of tools waits for servers never seen before',
  ),
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
