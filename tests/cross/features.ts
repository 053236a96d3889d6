// biome-ignore-all lint/suspicious/noExplicitAny: two SDKs behind one face
import { expect } from 'bun:test'
import { INSTRUCTIONS, PNG } from '../fixtures/servers/features.ts'
import { eventually } from '../helpers/processes.ts'
import type { CrossClient } from './clients.ts'

type Feature = (client: CrossClient) => Promise<void>

const textOf = (result: any): string => result.content[0].text
const call = (client: CrossClient, name: string, args = {}, options = {}): Promise<any> =>
  client.isModern || 'listen' in client.sdk
    ? client.sdk.callTool({ name, arguments: args }, options)
    : client.sdk.callTool({ name, arguments: args }, undefined, options)
const LOGGING = { _meta: { 'io.modelcontextprotocol/logLevel': 'debug' } }

/** What a user of any client was promised of any server behind us. */
export const FEATURES: Record<string, Feature> = {
  'tells what the server can do, and its instructions': async ({ sdk }) => {
    expect(Object.keys(sdk.getServerCapabilities())).toContain('tools')
    await sdk.listTools()
    expect(sdk.getInstructions()).toContain(INSTRUCTIONS)
  },
  'lists tools with titles and _meta': async ({ sdk }) => {
    const { tools } = await sdk.listTools()
    const echo = tools.find(({ name }: any) => name === 'echo')
    expect(echo).toMatchObject({ title: 'Echo', _meta: { 'x/kept': [1] } })
  },
  'calls a tool: text, structured content, _meta': async (client) => {
    const result = await call(client, 'echo', { message: 'hällo' })
    expect(textOf(result)).toBe('hällo')
    expect(result.structuredContent).toEqual({ message: 'hällo' })
    expect(result._meta).toMatchObject({ 'x/kept': true })
  },
  'passes images': async (client) => {
    expect((await call(client, 'image')).content).toEqual([{ type: 'image', data: PNG, mimeType: 'image/png' }])
  },
  'shows that a tool failed': async (client) => {
    expect(await call(client, 'fail')).toMatchObject({ isError: true, content: [{ text: 'it failed' }] })
  },
  'refuses an unknown tool': async (client) => {
    await expect(call(client, 'nobody')).rejects.toThrow(/nobody/)
  },
  'forwards progress': async (client) => {
    const seen: number[] = []
    const done = call(client, 'progress', {}, { onprogress: ({ progress }: any) => seen.push(progress) })
    await eventually(() => seen.length >= 3, 'all progress')
    // the server waits for it: the SDKs' clients drop progress that comes in one piece with the reply
    await call(client, 'progressSeen')
    await done
    expect(seen).toEqual([1, 2, 3])
  },
  'forwards log messages': async (client) => {
    if (client.isModern) await client.sdk.callTool({ name: 'log', arguments: {}, ...LOGGING })
    else {
      await client.sdk.setLoggingLevel('debug')
      await call(client, 'log')
    }
    await eventually(() => client.logged.some(({ data }) => data === 'a word'), 'the log message')
  },
  'cancels a call': async (client) => {
    const abort = new AbortController()
    // what an SDK rejects with by itself says nothing of the server
    const slowCalls = async () => JSON.parse(textOf(await call(client, 'slowCalls')))
    const pending = call(client, 'slow', {}, { signal: abort.signal }).catch((error) => error)
    await eventually(async () => (await slowCalls()).begun === 1, 'the call is with the server')
    abort.abort('enough')
    expect(await pending).toBeInstanceOf(Error)
    await eventually(async () => (await slowCalls()).calledBack === 1, 'it is called back there')
    expect(textOf(await call(client, 'echo', { message: 'after' }))).toBe('after')
  },
  'asks the user': async (client) => {
    expect(textOf(await call(client, 'elicit'))).toBe('accept Ann')
  },
  'asks the model': async (client) => {
    expect(textOf(await call(client, 'sample'))).toBe('said Paris')
  },
  'asks for roots': async (client) => {
    expect(textOf(await call(client, 'roots'))).toBe('file:///project')
  },
  'lists resources and templates': async ({ sdk }) => {
    const { resources } = await sdk.listResources()
    expect(resources.map(({ uri }: any) => uri)).toEqual(['test://fixed', 'test://blob'])
    const { resourceTemplates } = await sdk.listResourceTemplates()
    expect(resourceTemplates.map(({ uriTemplate }: any) => uriTemplate)).toEqual(['test://item/{id}'])
  },
  'reads text, bytes and a template': async ({ sdk }) => {
    expect((await sdk.readResource({ uri: 'test://fixed' })).contents[0].text).toBe('fixed text')
    expect((await sdk.readResource({ uri: 'test://blob' })).contents[0].blob).toBe(PNG)
    expect((await sdk.readResource({ uri: 'test://item/7' })).contents[0].text).toBe('item 7')
  },
  'refuses an unknown resource': async ({ sdk }) => {
    await expect(sdk.readResource({ uri: 'test://nowhere' })).rejects.toThrow(/not found/i)
  },
  'lists and gets prompts': async ({ sdk }) => {
    expect((await sdk.listPrompts()).prompts.map(({ name }: any) => name)).toEqual(['greet'])
    const { messages } = await sdk.getPrompt({ name: 'greet', arguments: { name: 'Ann' } })
    expect(messages[0].content.text).toBe('Hello, Ann')
  },
  'completes arguments': async ({ sdk }) => {
    const { completion } = await sdk.complete({
      ref: { type: 'ref/prompt', name: 'greet' },
      argument: { name: 'name', value: 'An' },
    })
    expect(completion.values).toEqual(['An-completed'])
  },
  'tells of changed resources and of changed tools': async (client) => {
    await client.watch('test://fixed')
    await call(client, 'touch')
    await eventually(() => client.updated.includes('test://fixed'), 'the update')
    await call(client, 'grow')
    await eventually(() => client.toolChanges.length > 0, 'the changed list')
    const { tools } = await client.sdk.listTools(undefined, { cacheMode: 'refresh' })
    expect(tools.map(({ name }: any) => name)).toContain('grown')
  },
}
