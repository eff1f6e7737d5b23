// recipe/schema.doc: writes docs/recipe.schema.json, for editors; run by `pnpm run generate`.
import { writeFileSync } from 'node:fs'
import * as z from 'zod'
import { recipeSchema } from './schema.ts'

const schema = z.toJSONSchema(recipeSchema, { io: 'input', target: 'draft-2020-12' })
const head = {
  $comment: 'Generated from packages/toolkit/src/recipe/schema.ts by `pnpm run generate`.',
  title: 'A recipe of mcp-bridge image',
}

writeFileSync(
  new URL('../../../../docs/recipe.schema.json', import.meta.url),
  `${JSON.stringify({ ...head, ...schema }, undefined, 2)}\n`,
)
