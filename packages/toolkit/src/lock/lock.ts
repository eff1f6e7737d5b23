// lock/lock: every package of a tool with its hash; checks that it fits the recipe and names no address or option.
import { ToolkitError } from '../errors.ts'
import type { Recipe } from '../recipe/schema.ts'

/** Files by name; for a binary the program itself. */
export type Lock = ReadonlyMap<string, Buffer>

const RELOCK = 'make the lock anew: mcp-bridge image init --relock <recipe>'
/** `name==1.2 ; marker \`, then its hashes: no option, no address. */
const REQUIREMENT = /^([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9A-Za-z.!+]+)( ; [\w .'"<>=!()]+)? \\$/
const HASH = /^ {4}--hash=sha256:[0-9a-f]{64}( \\)?$/

/** @throws ToolkitError if a file is missing, is another version's, or says more than it may */
export function checkLock(recipe: Recipe, lock: Lock): void {
  switch (recipe.runtime) {
    case 'node':
      return checkNode(recipe, lock)
    case 'python':
      return checkPython(recipe, lock)
    case 'go':
      return checkGo(recipe, lock)
    case 'binary':
      if (!lock.has(recipe.entry)) throw unfit(recipe.name, `lock/${recipe.entry} is missing`)
      return
    case 'image':
      return
  }
}

function checkNode(recipe: Recipe & { runtime: 'node' }, lock: Lock): void {
  interface Locked {
    version?: string
    resolved?: string
    integrity?: string
    link?: boolean
    inBundle?: boolean
  }
  const { packages = {} } = parse(recipe.name, lock, 'package-lock.json') as {
    packages?: Record<string, Locked>
  }
  const { dependencies } = parse(recipe.name, lock, 'package.json') as { dependencies?: object }
  const wanted = { [recipe.package]: recipe.version }
  if (JSON.stringify(dependencies) !== JSON.stringify(wanted))
    throw unfit(recipe.name, 'package.json names other packages')
  if (packages[`node_modules/${recipe.package}`]?.version !== recipe.version)
    throw unfit(recipe.name, `package-lock.json has no ${recipe.package} ${recipe.version}`)
  for (const [path, { resolved, integrity, link, inBundle }] of Object.entries(packages)) {
    if (path === '') continue
    if (resolved !== undefined || link === true) throw unfit(recipe.name, `${path} has an address`)
    if (integrity === undefined && inBundle !== true) throw unfit(recipe.name, `${path} has no hash`)
  }
}

function checkPython(recipe: Recipe & { runtime: 'python' }, lock: Lock): void {
  const lines = textOf(recipe.name, lock, 'requirements.txt')
    .split('\n')
    .filter((line) => line !== '')
  const found = new Map<string, string>()
  for (const line of lines) {
    const [, name, version = ''] = REQUIREMENT.exec(line) ?? []
    if (name !== undefined) found.set(canonical(name), version)
    else if (!HASH.test(line))
      throw unfit(recipe.name, `requirements.txt: "${line}" is no package and no hash`)
  }
  if (found.get(canonical(recipe.package)) !== recipe.version)
    throw unfit(recipe.name, `requirements.txt has no ${recipe.package} ${recipe.version}`)
}

function checkGo(recipe: Recipe & { runtime: 'go' }, lock: Lock): void {
  const mod = textOf(recipe.name, lock, 'go.mod')
  textOf(recipe.name, lock, 'go.sum')
  const isThere = mod.split('\n').some((line) => {
    const [name, version] = line
      .trim()
      .replace(/^require /, '')
      .split(' ')
    return name === recipe.package && version === recipe.version
  })
  if (!isThere) throw unfit(recipe.name, `go.mod has no ${recipe.package} ${recipe.version}`)
  if (/^\s*replace\b/m.test(mod)) throw unfit(recipe.name, 'go.mod replaces modules')
  if (!mod.split('\n').includes(`tool ${recipe.entry}`))
    throw unfit(recipe.name, `go.mod does not name the tool ${recipe.entry}`)
}

/** PEP 503: case, `.`, `-` and `_` are the same. */
export function canonical(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}

function parse(tool: string, lock: Lock, file: string): object {
  try {
    return JSON.parse(textOf(tool, lock, file)) as object
  } catch (cause) {
    if (cause instanceof ToolkitError) throw cause
    throw new ToolkitError(`${tool}: lock/${file} is no JSON`, { hint: RELOCK, cause })
  }
}

function textOf(tool: string, lock: Lock, file: string): string {
  const bytes = lock.get(file)
  if (bytes === undefined) throw unfit(tool, `lock/${file} is missing`)
  return bytes.toString()
}

function unfit(tool: string, what: string): ToolkitError {
  return new ToolkitError(`${tool}: the lock does not fit the recipe: ${what}`, { hint: RELOCK })
}
