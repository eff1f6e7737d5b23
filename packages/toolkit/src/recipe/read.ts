// recipe/read: a folder with recipe.yaml and lock/ → a checked recipe and the bytes of its lock.
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseDocument } from 'yaml'
import { checkLock, type Lock } from '../lock/lock.ts'
import { printable } from '../printable.ts'
import { ToolkitError } from '../errors.ts'
import { readText } from '../files.ts'
import { recipeSchema, type Recipe } from './schema.ts'
import { readToolsLock } from './tools-lock.ts'

const NO_LINKS = 'put the files themselves there'

/** A recipe with what it is built from. */
export interface Tool {
  recipe: Recipe
  /** The text of recipe.yaml. */
  text: string
  lock: Lock
  /** tools.lock.json, where there is one: only tools that are as in it are served. */
  toolsLock?: Buffer | undefined
}

/**
 * @param path of recipe.yaml or of its folder
 * @throws ToolkitError with all problems, one a line
 */
export function readTool(path: string): Tool {
  const file = isFolder(path) ? join(path, 'recipe.yaml') : path
  const text = readText(file, {
    hint: 'name a recipe, a tool of the catalogue (mcp-bridge image list) or a source such as npx:package@1.2.3',
  })
  const recipe = parseRecipe(text, file)
  const lock = readLock(join(dirname(file), 'lock'))
  checkLock(recipe, lock)
  return { recipe, text, lock, toolsLock: readToolsLock(dirname(file)) }
}

/** @throws ToolkitError with all problems, one a line */
export function parseRecipe(text: string, file = 'recipe.yaml'): Recipe {
  return checkRecipe(parsed(text, file), file)
}

function parsed(text: string, file: string): unknown {
  try {
    const document = parseDocument(text, { prettyErrors: true, logLevel: 'silent' })
    const [broken] = document.errors
    if (broken !== undefined) throw broken
    // No recipe needs aliases, and a few lines of them can expand to millions.
    return document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    const [reason = ''] = String(cause instanceof Error ? cause.message : cause).split('\n')
    const said = /alias/i.test(reason) ? 'it has an alias (*name): write out what is meant' : reason
    throw new ToolkitError(`${file} cannot be read as YAML: ${printable(said)}`, { cause })
  }
}

/** @throws ToolkitError with all problems, one a line */
export function checkRecipe(raw: unknown, file = 'the recipe'): Recipe {
  const parsed = recipeSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`)
  throw new ToolkitError([`${file} has ${count(problems.length)}:`, ...problems].join('\n  '))
}

/**
 * The files of a lock go into the image. A link is refused: its target, any file of the building machine, would go in instead.
 *
 * @throws ToolkitError if there is anything but files
 */
export function readLock(folder: string): Lock {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined) return new Map()
  if (!found.isDirectory()) throw new ToolkitError(`${folder} is no folder`, { hint: NO_LINKS })
  return new Map(
    readdirSync(folder)
      .toSorted()
      .map((name) => {
        const path = join(folder, name)
        if (!lstatSync(path).isFile())
          throw new ToolkitError(`${join(folder, printable(name))} is a link or a folder, not a file`, {
            hint: NO_LINKS,
          })
        return [name, readFileSync(path)]
      }),
  )
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function count(problems: number): string {
  return problems === 1 ? 'a problem' : `${problems} problems`
}
