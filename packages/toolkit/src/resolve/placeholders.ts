// resolve/placeholders: what the documents of a package name, as lines of its recipe to fill in.
import { checkRecipe } from '../recipe/read.ts'
import type { Recipe } from '../recipe/schema.ts'
import type { NamedVariable } from './named-variables.ts'
import { plain } from './scaffold.ts'

/** What the recipe names already stays as it is. */
export function withPlaceholders(recipe: Recipe, named: readonly NamedVariable[]): Recipe {
  const present = new Set([...recipe.environment, ...recipe.secrets].map(({ name }) => name))
  const fresh = named.filter(({ name }) => !present.has(name))
  const lines = (areSecret: boolean) =>
    fresh
      .filter(({ isSecret }) => isSecret === areSecret)
      .map(({ name, description, isRequired }) => {
        return { name, description: plain(description) ?? 'Named in its documents', required: isRequired }
      })
  return checkRecipe({
    ...recipe,
    environment: [...recipe.environment, ...lines(false)],
    secrets: [...recipe.secrets, ...lines(true)],
  })
}
