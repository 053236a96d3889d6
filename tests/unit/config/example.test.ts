import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { configJsonSchema, exampleConfig } from '../../../src/config/index.ts'
import { parse } from '../../helpers/config-problems.ts'

test('the example loads, also with every comment taken away', () => {
  expect(exampleConfig).toBe(readFileSync(join(import.meta.dir, '../../../config.example.yaml'), 'utf8'))
  expect(parse(exampleConfig).servers.size).toBe(0)

  const active = parse(uncommented(exampleConfig))
  expect(active.servers.get('github')?.authScope).toBe('github-token')
  expect(active.authScopes.get('github-token')?.keys).toHaveLength(1)
})

/** Only what follows the introduction; a comment that is prose begins with `##`. */
function uncommented(example: string): string {
  return example
    .slice(example.indexOf('\nauth_scopes:'))
    .replace(/^## .*$/gm, '')
    .replace(/^# /gm, '')
}

test('the example shows every field there is', () => {
  const names = fieldsOf(configJsonSchema() as SchemaNode).map(([name]) => name)

  expect(names.length).toBeGreaterThan(20)
  for (const name of names) expect(uncommented(exampleConfig)).toMatch(new RegExp(`^[ -]*${name}:`, 'm'))
})

test('the JSON Schema describes every field, accepts the example and refuses a misspelt key', () => {
  const schema = configJsonSchema()
  const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])

  const withoutText = fieldsOf(schema as SchemaNode).filter(([, { description }]) => !description)
  expect(withoutText).toEqual([])
  for (const text of [exampleConfig, uncommented(exampleConfig)]) {
    expect(validator.safeParse(parseYaml(text)).success).toBe(true)
  }
  expect(validator.safeParse({ auth_scops: [] }).success).toBe(false)
})

type SchemaNode = {
  description?: string
  properties?: Record<string, SchemaNode>
  items?: SchemaNode
  anyOf?: SchemaNode[]
}

function fieldsOf(node: SchemaNode): [name: string, field: SchemaNode][] {
  const inner = [node.items, ...(node.anyOf ?? [])].flatMap((part) => (part ? fieldsOf(part) : []))
  const own = Object.entries(node.properties ?? {})
  return [...inner, ...own, ...own.flatMap(([, field]) => fieldsOf(field))]
}
