import { isObject, members, sourceOf } from '../../wire/json-span.ts'
import { type RequestMessage, textParam } from '../../wire/message.ts'
import { decodeHeader } from './header-value.ts'

type Json = { readonly [key: string]: unknown }

/** Finds the JSON source of a tool as this client sees it. */
export interface ToolSource {
  toolSource(request: RequestMessage): Promise<string | null>
}

/**
 * What of the `Mcp-Param-*` headers differs from the arguments of a call, in words; null when nothing does. Which
 * arguments have one is in the schema of the tool. MCP 2026-07-28, "Custom Headers from Tool Parameters".
 */
export async function parameterMismatch(
  headers: Headers,
  request: RequestMessage,
  tools: ToolSource,
): Promise<string | null> {
  if (request.method !== 'tools/call' || textParam(request, 'name') === null) return null
  const source = await tools.toolSource(request)
  if (source === null) return null
  const schema: Json = (JSON.parse(source) as { inputSchema?: Json }).inputSchema ?? {}
  for (const { header, path } of annotated(schema)) {
    const wanted = valueAt(argumentsOf(request), path)
    const raw = headers.get(`mcp-param-${header}`)
    const given = decodeHeader(raw)
    if (!isSame(given, wanted)) return `Mcp-Param-${header} is not what the body says`
    if (raw !== null && given === null) return `Mcp-Param-${header} cannot be read`
  }
  return null
}

function annotated(schema: Json, path: readonly string[] = []): { header: string; path: readonly string[] }[] {
  const properties = schema['properties']
  if (!isJson(properties)) return []
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isJson(property)) return []
    const header = property['x-mcp-header']
    const own = typeof header === 'string' ? [{ header, path: [...path, name] }] : []
    return [...own, ...annotated(property, [...path, name])]
  })
}

function argumentsOf({ bytes, params }: RequestMessage): unknown {
  const given = params.get('arguments')
  return isObject(bytes, given) && members(bytes, given) !== null ? JSON.parse(sourceOf(bytes, given)) : {}
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isJson(at) ? at[name] : undefined), value)
}

/** Numbers are compared as numbers; what is null or not there has no header. */
function isSame(given: string | null, wanted: unknown): boolean {
  if (wanted === undefined || wanted === null) return given === null
  if (given === null) return false
  return typeof wanted === 'number' ? Number(given) === wanted : given === String(wanted)
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}
