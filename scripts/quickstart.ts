#!/usr/bin/env bun
/** The main job on a real server, through a real MCP client: init, secret put, serve, list, call. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { BINARY, hostEnvironment, ROOT } from '../tests/helpers/temp-home.ts'

const SERVER = join(ROOT, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js')
const SECRET = `demo-${crypto.randomUUID()}`
const home = mkdtempSync(join(tmpdir(), 'mcplexer-quickstart-'))
const env = { ...hostEnvironment(), MCPLEXER_HOME: home }

step('a home of its own', home)
mcplexer(['init'])
writeFileSync(
  join(home, 'mcplexer.yaml'),
  `auth_scopes:
  - id: demo
    keys: [{ name: DEMO_TOKEN }]
downstream_servers:
  - id: everything
    command: node
    args: [${JSON.stringify(SERVER)}]
    auth_scope: demo
`,
)
mcplexer(['config', 'check'])
step('secret put', 'demo DEMO_TOKEN, from stdin')
mcplexer(['secret', 'put', 'demo', 'DEMO_TOKEN'], SECRET)

step('serve', 'started by a real MCP client')
const client = new Client({ name: 'quickstart', version: '1.0.0' })
await client.connect(new StdioClientTransport({ command: BINARY, args: ['serve'], env, stderr: 'ignore' }))
const { tools } = await client.listTools()
step(
  'tools/list',
  `${tools.length} tools: ${tools
    .slice(0, 4)
    .map(({ name }) => name)
    .join(', ')}, …`,
)
const reply = JSON.stringify(await client.callTool({ name: 'everything__get-env', arguments: {} }))
await client.close()
if (reply.includes(SECRET)) fail('the value came back to the client')
if (!reply.includes('[redacted demo/DEMO_TOKEN]')) fail('the server did not get the secret')
step('tools/call', 'everything__get-env: the server has DEMO_TOKEN, and its value was taken out of the reply')
if (reply.includes('MCPLEXER_')) fail('the server saw a variable of mcplexer')
mcplexer(['rotate-key'])
step('rotate-key', 'every secret is sealed for a new key')

process.stdout.write(`
It works. For your own: ${BINARY} init, then edit ~/.mcplexer/mcplexer.yaml.

Claude Code     claude mcp add mcplexer -- ${BINARY} serve
Cursor          ~/.cursor/mcp.json      {"mcpServers": {"mcplexer": {"command": "${BINARY}", "args": ["serve"]}}}
VS Code         .vscode/mcp.json        {"servers": {"mcplexer": {"type": "stdio", "command": "${BINARY}", "args": ["serve"]}}}

This try-out is in ${home}; delete it when you like.
`)

function step(name: string, detail: string): void {
  process.stdout.write(`${name.padEnd(20)} ${detail}\n`)
}

function mcplexer(args: string[], stdin = ''): void {
  const { exitCode, stderr } = Bun.spawnSync([BINARY, ...args], {
    env,
    stdin: Buffer.from(stdin),
    stdout: 'ignore',
    stderr: 'pipe',
  })
  if (exitCode !== 0) fail(`mcplexer ${args.join(' ')} failed:\n${stderr}`)
}

function fail(reason: string): never {
  process.stderr.write(`quickstart: ${reason}\n`)
  process.exit(1)
}
