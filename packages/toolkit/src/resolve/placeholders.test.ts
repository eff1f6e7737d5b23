import { expect, test } from 'vitest'
import { catalogue } from '../recipe/catalogue.ts'
import { nameApart } from '../recipe/find.ts'
import { sampleRecipe } from '../recipe/sample.test-data.ts'
import { withPlaceholders } from './placeholders.ts'
import { parseSource } from './source.ts'

function named(name: string, more: object = {}) {
  return { name, description: undefined, isRequired: false, isSecret: false, ...more }
}

test('what documents name becomes a line to fill in; what the recipe names stays', () => {
  const recipe = sampleRecipe()
  const { environment, secrets } = withPlaceholders(recipe, [
    named('REGION', { isRequired: true }),
    named('LEVEL', { description: 'How "much"\n$(id) it `says`' }),
    named('SITE', { isRequired: true }),
    named('SITE_KEY', { isSecret: true }),
  ])
  expect(environment).toEqual([
    ...recipe.environment,
    { name: 'LEVEL', description: 'How much (id) it says', required: false },
    { name: 'SITE', description: 'Named in its documents', required: true },
  ])
  expect(secrets).toEqual([
    ...recipe.secrets,
    { name: 'SITE_KEY', description: 'Named in its documents', required: false, file: false },
  ])
})

test('a package is named apart from the tool of the catalogue', () => {
  const names = catalogue(new URL('../../catalogue', import.meta.url).pathname)
  const apart = (text: string) => nameApart(parseSource(text)!, names)
  expect(apart('uvx:mcp-server-fetch')).toBe('fetch-uvx')
  expect(apart('go:github.com/x/y/memory')).toBe('memory-go')
  expect(apart('npx:@some/mcp-server-other')).toBeUndefined()
})
