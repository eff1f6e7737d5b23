// cli/variables: which variables a person gives to the container of a tool, the most needed first.
import type { Recipe } from '../recipe/schema.ts'

export interface AskedFor {
  name: string
  isRequired: boolean
  isSecret: boolean
}

/** In `docker run` there is room for so many. */
const SHOWN = 6

/** Without those that the image has a value for, and those that are files. */
export function askedFor({ environment, secrets }: Recipe): AskedFor[] {
  const all = [
    ...secrets
      .filter(({ file }) => !file)
      .map(({ name, required }) => ({ name, isRequired: required, isSecret: true })),
    ...environment
      .filter((each) => each.default === undefined)
      .map(({ name, required }) => ({ name, isRequired: required, isSecret: false })),
  ]
  return all.toSorted((one, other) => Number(other.isRequired) - Number(one.isRequired))
}

/** What to type next, and what else it reads. */
export function runLines(tag: string, recipe: Recipe): string {
  const names = askedFor(recipe).map(({ name }) => name)
  const options = ['MCP_BRIDGE_TOKEN=secret', ...names.slice(0, SHOWN).map((name) => `${name}=…`)]
  const more = names.slice(SHOWN)
  return [
    ...(more.length === 0 ? [] : [`it reads also ${more.join(', ')}`]),
    `next: docker run --rm -p 127.0.0.1:8000:8000 ${options.map((each) => `-e ${each}`).join(' ')} ${tag}`,
    '',
  ].join('\n')
}
