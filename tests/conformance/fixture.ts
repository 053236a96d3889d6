// @ts-nocheck: it answers with what the suite asks for, which the SDK's types of one era or the other do not know
// biome-ignore-all lint: the same
// Conformance fixture: our own MCP server carrying every tool / prompt / resource name that
// @modelcontextprotocol/conformance asks for, in both protocol eras (2025-11-25 and 2026-07-28).
// It is the thing to put BEHIND the gateway (stdio), and the "direct" baseline (http).
//   bun fixture.ts --stdio [ERA]      newline-delimited JSON-RPC on stdin/stdout
//                                                 ERA: dual (default), legacy (knows only initialize), modern (refuses it)
//   bun fixture.ts --http 3201        http://127.0.0.1:3201/mcp, loopback only
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  classifyInboundRequest,
  createMcpHandler,
  createRequestStateCodec,
  fromJsonSchema,
  hostHeaderValidationResponse,
  inputRequired,
  isInitializeRequest,
  localhostAllowedHostnames,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceTemplate,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import * as z from 'zod/v4'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA='
const text = (t: string) => ({ content: [{ type: 'text' as const, text: t }] })
const pause = (ms: number) => new Promise((r) => setTimeout(r, ms))
const codec = createRequestStateCodec<Record<string, unknown>>({
  key: crypto.getRandomValues(new Uint8Array(32)),
})
const form = (message: string, properties: Record<string, unknown>, required = Object.keys(properties)) =>
  inputRequired.elicit({ message, requestedSchema: { type: 'object', properties, required } as any })
const ask = { name: { type: 'string' } }
const stdioServers = new Set<McpServer>()
let announce = (kind: 'tools' | 'prompts') => {
  for (const s of stdioServers) kind === 'tools' ? s.sendToolListChanged() : s.sendPromptListChanged()
}
const httpTransports = new Map<string, WebStandardStreamableHTTPServerTransport>()

function build(): McpServer {
  const s = new McpServer({ name: 'mcplexer-conformance-fixture', version: '1.0.0' }, {
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      logging: {},
      completions: {},
    },
    requestState: { verify: codec.verify },
  } as any)
  const none = z.object({})
  const tool = (name: string, run: (a: any, ctx: any) => unknown, schema: any = none) =>
    s.registerTool(name, { description: `conformance: ${name}`, inputSchema: schema }, run as any)

  // ---- content shapes
  tool('test_simple_text', () => text('This is a simple text response for testing.'))
  tool('test_image_content', () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }))
  tool('test_audio_content', () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }))
  tool('test_embedded_resource', () => ({
    content: [
      {
        type: 'resource',
        resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'embedded' },
      },
    ],
  }))
  tool('test_multiple_content_types', () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: '{"test":"data","value":123}',
        },
      },
    ],
  }))
  tool('test_error_handling', () => {
    throw new Error('This tool intentionally returns an error for testing')
  })

  // ---- notifications tied to a request
  tool('test_tool_with_logging', async (_a, ctx) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await ctx.mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } })
      await pause(30)
    }
    return text('done')
  })
  tool('test_tool_with_progress', async (_a, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken
    if (progressToken !== undefined)
      for (const progress of [0, 50, 100]) {
        await ctx.mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress, total: 100 },
        })
        await pause(30)
      }
    return text(String(progressToken ?? 'none'))
  })
  tool('test_logging_tool', async (_a, ctx) => {
    await ctx.mcpReq.log('info', 'only when asked')
    return text('logged')
  })
  tool('test_reconnection', async (_a, ctx) => {
    if (ctx.sessionId && ctx.mcpReq.id !== undefined)
      httpTransports.get(ctx.sessionId)?.closeSSEStream(ctx.mcpReq.id)
    await pause(100)
    return text('reconnected')
  })

  // ---- server -> client requests, 2025 era
  const send = async (ctx: any, method: string, params: unknown) => {
    try {
      return await ctx.mcpReq.send({ method, params })
    } catch (e: any) {
      return { failed: String(e?.message ?? e) }
    }
  }
  tool(
    'test_sampling',
    async ({ prompt }, ctx) => {
      const r: any = await send(ctx, 'sampling/createMessage', {
        messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
        maxTokens: 100,
      })
      return text(`LLM response: ${r.content?.text ?? r.failed ?? 'none'}`)
    },
    z.object({ prompt: z.string() }),
  )
  const elicit = async (ctx: any, message: string, requestedSchema: unknown) => {
    const r: any = await send(ctx, 'elicitation/create', { message, requestedSchema })
    return text(
      r.failed
        ? `elicitation failed: ${r.failed}`
        : `Elicitation completed: action=${r.action}, content=${JSON.stringify(r.content ?? {})}`,
    )
  }
  tool(
    'test_elicitation',
    ({ message }, ctx) =>
      elicit(ctx, message, {
        type: 'object',
        properties: { response: { type: 'string' } },
        required: ['response'],
      }),
    z.object({ message: z.string() }),
  )
  tool('test_elicitation_sep1034_defaults', (_a, ctx) =>
    elicit(ctx, 'review defaults', {
      type: 'object',
      required: [],
      properties: {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      },
    }),
  )
  const titled = (n: string) => [1, 2, 3].map((i) => ({ const: `value${i}`, title: `${n} ${i}` }))
  tool('test_elicitation_sep1330_enums', (_a, ctx) =>
    elicit(ctx, 'pick', {
      type: 'object',
      required: [],
      properties: {
        untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
        titledSingle: { type: 'string', oneOf: titled('Option') },
        legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
        untitledMulti: {
          type: 'array',
          minItems: 1,
          maxItems: 3,
          items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
        },
        titledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { anyOf: titled('Choice') } },
      },
    }),
  )

  // ---- schema fidelity: every 2020-12 keyword must survive tools/list byte for byte
  tool(
    'json_schema_2020_12_tool',
    (a) => text(JSON.stringify(a)),
    fromJsonSchema({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' },
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    } as any),
  )
  tool(
    'test_x_mcp_header',
    ({ region }) => text(`region=${region ?? 'none'}`),
    fromJsonSchema({
      type: 'object',
      properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, level: { type: 'integer' } },
    } as any),
  )

  // ---- 2026 era: multi round-trip requests (input_required)
  const mr = (name: string, run: (ctx: any) => unknown) => tool(name, (_a, ctx) => run(ctx))
  const llm = (t: string) =>
    inputRequired.createMessage({
      messages: [{ role: 'user', content: { type: 'text', text: t } }],
      maxTokens: 50,
    } as any)
  const got = <T>(ctx: any, key: string) => acceptedContent<T>(ctx.mcpReq.inputResponses, key)
  const raw = (ctx: any, key: string): any => ctx.mcpReq.inputResponses?.[key]
  mr('test_missing_capability', (ctx) =>
    raw(ctx, 'llm') ? text('ok') : inputRequired({ inputRequests: { llm: llm('say pong') } }),
  )
  mr('test_streaming_elicitation', () => text('no top-level requests on this stream'))
  mr('test_input_required_result_elicitation', (ctx) => {
    const n = got<{ name: string }>(ctx, 'user_name')?.name
    return typeof n === 'string'
      ? text(`Hello, ${n}!`)
      : inputRequired({ inputRequests: { user_name: form('What is your name?', ask) } })
  })
  mr('test_input_required_result_sampling', (ctx) =>
    raw(ctx, 'capital_question')
      ? text(`Sampling response: ${raw(ctx, 'capital_question').content?.text}`)
      : inputRequired({ inputRequests: { capital_question: llm('What is the capital of France?') } }),
  )
  mr('test_input_required_result_list_roots', (ctx) =>
    Array.isArray(raw(ctx, 'client_roots')?.roots)
      ? text(
          `roots: ${raw(ctx, 'client_roots')
            .roots.map((r: any) => r.uri)
            .join(', ')}`,
        )
      : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } }),
  )
  const confirm = async (tag: string) =>
    inputRequired({
      inputRequests: { confirm: form('Please confirm', { ok: { type: 'boolean' } }) },
      requestState: await codec.mint({ tag, nonce: crypto.randomUUID() }),
    })
  mr('test_input_required_result_request_state', (ctx) => {
    if (got(ctx, 'confirm') === undefined) return confirm('state')
    if (ctx.mcpReq.requestState() === undefined)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'requestState missing')
    return text('state-ok')
  })
  mr('test_input_required_result_tampered_state', (ctx) =>
    ctx.mcpReq.requestState() !== undefined && got(ctx, 'confirm') !== undefined
      ? text('integrity-ok')
      : confirm('tamper'),
  )
  mr('test_input_required_result_multiple_inputs', async (ctx) => {
    const n = got<{ name: string }>(ctx, 'user_name')?.name,
      g = raw(ctx, 'greeting')?.content?.text,
      r = raw(ctx, 'client_roots')?.roots
    return typeof n === 'string' && typeof g === 'string' && Array.isArray(r)
      ? text(`${g} ${n} ${r.length}`)
      : inputRequired({
          inputRequests: {
            user_name: form('Name?', ask),
            greeting: llm('greet'),
            client_roots: inputRequired.listRoots(),
          },
          requestState: await codec.mint({ tag: 'multi' }),
        })
  })
  mr('test_input_required_result_multi_round', async (ctx) => {
    const st: any = ctx.mcpReq.requestState()
    const round = st?.tag === 'rounds' ? st.round : 0
    if (round === 0)
      return inputRequired({
        inputRequests: { step1: form('Step 1: name?', ask) },
        requestState: await codec.mint({ tag: 'rounds', round: 1 }),
      })
    if (round === 1)
      return inputRequired({
        inputRequests: { step2: form('Step 2: colour?', { color: { type: 'string' } }) },
        requestState: await codec.mint({ tag: 'rounds', round: 2, name: got<any>(ctx, 'step1')?.name }),
      })
    return text(`${st.name} likes ${got<any>(ctx, 'step2')?.color}`)
  })
  mr('test_input_required_result_capabilities', (ctx) => {
    if (ctx.mcpReq.inputResponses !== undefined) return text('fulfilled')
    const c: any = ctx.mcpReq.envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {}
    const q: any = {}
    if (c.elicitation) q.user_name = form('Name?', ask)
    if (c.sampling) q.greeting = llm('greet')
    if (c.roots) q.client_roots = inputRequired.listRoots()
    return Object.keys(q).length ? inputRequired({ inputRequests: q }) : text('nothing to ask')
  })
  mr('test_trigger_tool_change', () => {
    announce('tools')
    return text('announced')
  })
  mr('test_trigger_prompt_change', () => {
    announce('prompts')
    return text('announced')
  })

  // ---- resources
  const res = (name: string, uri: string, mimeType: string, body: object) =>
    s.registerResource(name, uri, { title: name, mimeType }, async () => ({
      contents: [{ uri, mimeType, ...body } as any],
    }))
  res('static-text', 'test://static-text', 'text/plain', {
    text: 'This is the content of the static text resource.',
  })
  res('static-binary', 'test://static-binary', 'image/png', { blob: PNG })
  res('watched-resource', 'test://watched-resource', 'text/plain', { text: 'watched' })
  s.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { title: 'template', mimeType: 'application/json' },
    async (uri, { id }) => ({
      contents: [
        {
          uri: uri.toString(),
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
        },
      ],
    }),
  )
  s.server.setRequestHandler('resources/subscribe', async () => ({}))
  s.server.setRequestHandler('resources/unsubscribe', async () => ({}))

  // ---- prompts, completion, logging
  const user = (content: unknown) => ({ role: 'user' as const, content }) as any
  s.registerPrompt(
    'test_simple_prompt',
    { title: 'simple', description: 'conformance prompt: simple' },
    async () => ({ messages: [user({ type: 'text', text: 'This is a simple prompt for testing.' })] }),
  )
  s.registerPrompt(
    'test_prompt_with_arguments',
    {
      title: 'args',
      description: 'conformance prompt: args',
      argsSchema: z.object({ arg1: z.string(), arg2: z.string() }),
    },
    async ({ arg1, arg2 }) => ({
      messages: [user({ type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` })],
    }),
  )
  s.registerPrompt(
    'test_prompt_with_embedded_resource',
    {
      title: 'embedded',
      description: 'conformance prompt: embedded',
      argsSchema: z.object({ resourceUri: z.string() }),
    },
    async ({ resourceUri }) => ({
      messages: [
        user({ type: 'resource', resource: { uri: resourceUri, mimeType: 'text/plain', text: 'embedded' } }),
        user({ type: 'text', text: 'use it' }),
      ],
    }),
  )
  s.registerPrompt(
    'test_prompt_with_image',
    { title: 'image', description: 'conformance prompt: image' },
    async () => ({
      messages: [
        user({ type: 'image', data: PNG, mimeType: 'image/png' }),
        user({ type: 'text', text: 'look' }),
      ],
    }),
  )
  s.registerPrompt(
    'test_input_required_result_prompt',
    { title: 'mrtr', description: 'conformance prompt: mrtr' },
    (async (ctx: any) => {
      const c = got<{ context: string }>(ctx, 'user_context')?.context
      return typeof c === 'string'
        ? { messages: [user({ type: 'text', text: `Use: ${c}` })] }
        : inputRequired({ inputRequests: { user_context: form('Context?', { context: { type: 'string' } }) } })
    }) as any,
  )
  s.server.setRequestHandler('completion/complete', async () => ({
    completion: { values: [], total: 0, hasMore: false },
  }))
  s.server.setRequestHandler('logging/setLevel', async () => ({}))
  return s
}

const [mode, arg] = process.argv.slice(2)
if (mode === '--stdio') {
  const make = () => {
    const s = build()
    stdioServers.add(s)
    return s
  }
  if (arg === 'legacy') await make().connect(new StdioServerTransport())
  else serveStdio(make, arg === 'modern' ? { legacy: 'reject' } : {})
} else if (mode === '--http') {
  const modern = createMcpHandler(() => build())
  announce = (k) => (k === 'tools' ? modern.notify.toolsChanged() : modern.notify.promptsChanged())
  const events = new Map<string, { stream: string; message: unknown }>()
  let seq = 0
  const eventStore = {
    async storeEvent(stream: string, message: unknown) {
      const id = `${stream}::${String(++seq).padStart(12, '0')}`
      events.set(id, { stream, message })
      return id
    },
    async replayEventsAfter(last: string, { send }: any) {
      const stream = last.split('::')[0]!
      for (const [id, e] of events) if (e.stream === stream && id > last) await send(id, e.message)
      return stream
    },
  }
  const refuse = (status: number, code: number, message: string) =>
    Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status })
  const srv = Bun.serve({
    hostname: '127.0.0.1',
    port: Number(arg ?? 0),
    idleTimeout: 0,
    async fetch(req) {
      const bad = hostHeaderValidationResponse(req, localhostAllowedHostnames())
      if (bad) return bad
      if (new URL(req.url).pathname !== '/mcp') return new Response('not found', { status: 404 })
      const body =
        req.method === 'POST'
          ? await req
              .clone()
              .json()
              .catch(() => undefined)
          : undefined
      if (req.method === 'POST') {
        const kind = classifyInboundRequest({
          httpMethod: req.method,
          protocolVersionHeader: req.headers.get('mcp-protocol-version') ?? undefined,
          mcpMethodHeader: req.headers.get('mcp-method') ?? undefined,
          body,
        })
        if (kind.kind !== 'legacy') return modern.fetch(req)
      }
      const sid = req.headers.get('mcp-session-id')
      if (sid) {
        const t = httpTransports.get(sid)
        return t ? t.handleRequest(req) : refuse(404, -32001, 'Session not found')
      }
      if (!isInitializeRequest(body)) return refuse(400, -32000, 'Session ID required')
      const t: WebStandardStreamableHTTPServerTransport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        eventStore: eventStore as any,
        retryInterval: 500,
        onsessioninitialized: (id: string) => {
          httpTransports.set(id, t)
        },
        onsessionclosed: (id: string) => {
          httpTransports.delete(id)
        },
      })
      await build().connect(t)
      return t.handleRequest(req)
    },
  })
  console.error(`fixture on http://127.0.0.1:${srv.port}/mcp`)
} else {
  console.error('usage: fixture.ts --stdio | --http PORT')
  process.exit(2)
}
