// recipe/read: a folder with recipe.yaml and lock/ → a checked recipe and the bytes of its lock.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseDocument } from 'yaml'
import { checkLock, type Lock } from '../lock/lock.ts'
import { ToolkitError } from '../problem.ts'
import { recipeSchema, type Recipe } from './schema.ts'

/** A recipe with what it is built from. */
export interface Tool {
  recipe: Recipe
  /** The text of recipe.yaml. */
  text: string
  lock: Lock
}

/**
 * @param path of recipe.yaml or of its folder
 * @throws ToolkitError with all problems, one a line
 */
export function readTool(path: string): Tool {
  const file = isFolder(path) ? join(path, 'recipe.yaml') : path
  const text = readText(file)
  const recipe = parseRecipe(text, file)
  const lock = readLock(join(dirname(file), 'lock'))
  checkLock(recipe, lock)
  return { recipe, text, lock }
}

/** @throws ToolkitError with all problems, one a line */
export function parseRecipe(text: string, file = 'recipe.yaml'): Recipe {
  const document = parseDocument(text, { prettyErrors: true })
  const [broken] = document.errors
  if (broken !== undefined) throw new ToolkitError(`${file} is no YAML: ${broken.message.split('\n')[0]}`)
  return checkRecipe(document.toJS({ maxAliasCount: 0 }), file)
}

/** @throws ToolkitError with all problems, one a line */
export function checkRecipe(raw: unknown, file = 'the recipe'): Recipe {
  const parsed = recipeSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`)
  throw new ToolkitError([`${file} has ${count(problems.length)}:`, ...problems].join('\n  '))
}

function readLock(folder: string): Lock {
  if (!isFolder(folder)) return new Map()
  return new Map(
    readdirSync(folder)
      .toSorted()
      .map((name) => [basename(name), readFileSync(join(folder, name))]),
  )
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ToolkitError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, {
      hint: 'name a recipe, a tool of the catalogue (mcp-bridge image list) or a source such as npx:package@1.2.3',
    })
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function count(problems: number): string {
  return problems === 1 ? 'a problem' : `${problems} problems`
}
