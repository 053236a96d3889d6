import * as z from 'zod/mini'
import { fileSchema } from './schema.ts'

/** JSON Schema (draft 2020-12) of the file, for editors. */
export function configJsonSchema(): object {
  return { title: 'mcplexer configuration', ...z.toJSONSchema(fileSchema, { io: 'input' }) }
}
