// resolve/scaffold: a source → the recipe that its package suggests. Which program runs is read from the package, never guessed.
import { ToolkitError } from '../errors.ts'
import { refuseSecrets } from '../recipe/secret-check.ts'
import { checkRecipe } from '../recipe/read.ts'
import type { Recipe, RecipeInput } from '../recipe/schema.ts'
import * as field from '../recipe/fields.ts'
import type { Lock } from '../lock/lock.ts'
import { resolveBinary } from './binary.ts'
import type { Found } from './found.ts'
import { resolveGo } from './go.ts'
import { resolveImage } from './image.ts'
import { resolveNode } from './node.ts'
import { resolvePython } from './python.ts'
import type { Source } from './source.ts'

/** What the operator sets, beside or instead of what the package says. */
export interface Overrides {
  name?: string | undefined
  /** Which of several programs. */
  entry?: string | undefined
  args?: readonly string[] | undefined
  network?: 'none' | 'open' | undefined
  children?: 'session' | 'shared' | 'pool' | undefined
  environment?: readonly string[] | undefined
  secrets?: readonly string[] | undefined
  volumes?: readonly string[] | undefined
  systemPackages?: readonly string[] | undefined
  with?: readonly string[] | undefined
  override?: readonly string[] | undefined
  allowScripts?: boolean | undefined
}

/** @throws ToolkitError if the package is not there, has no program, or says what a recipe may not */
export async function scaffold(
  source: Source,
  overrides: Overrides,
): Promise<{ recipe: Recipe; lock: Lock }> {
  const found = await resolve(source, overrides)
  const label = 'package' in source ? source.package : source.file
  const name = overrides.name ?? nameOf(label)
  const common = {
    name,
    title: titleOf(name),
    description: plain(found.description) ?? `The tool ${name}`,
    ...optional('source', found.source),
    ...optional('license', found.license),
    ...optional('serverName', found.serverName),
    version: found.version,
    entry: found.entry,
    args: [...(found.args ?? []), ...(overrides.args ?? [])],
    environment: (overrides.environment ?? []).map((each) => ({ name: each, description: `For ${name}` })),
    secrets: (overrides.secrets ?? []).map((each) => ({ name: each, description: `For ${name}` })),
    volumes: (overrides.volumes ?? []).map((path) => ({ path, description: `What ${name} keeps` })),
    systemPackages: overrides.systemPackages ?? [],
    network: overrides.network ?? 'open',
    children: overrides.children ?? 'session',
  } as const
  const raw = withRuntime(source, common, found, overrides)
  const recipe = checkRecipe(raw, `the recipe of ${label}`)
  // Here, so that nothing of it has been written yet.
  refuseSecrets(recipe)
  return { recipe, lock: found.lock ?? new Map() }
}

/** As it is written to recipe.yaml: without default values. */
export function recipeInput(recipe: Recipe): RecipeInput {
  const entries = Object.entries(recipe).filter(([key, value]) => {
    if (Array.isArray(value)) return value.length > 0
    if (key === 'maxChildren') return value !== 16
    return value !== false
  })
  return Object.fromEntries(entries) as unknown as RecipeInput
}

function resolve(source: Source, { entry }: Overrides): Promise<Found> | Found {
  switch (source.runtime) {
    case 'node':
      return resolveNode(source.package, source.version, entry)
    case 'python':
      return resolvePython(source.package, source.version, entry)
    case 'go':
      return resolveGo(source.package, source.version, entry)
    case 'binary':
      return resolveBinary(source.file)
    case 'image':
      return resolveImage(source.package, entry)
  }
}

function withRuntime(source: Source, common: object, found: Found, overrides: Overrides): object {
  const { runtime } = source
  const scripts = overrides.allowScripts === true ? { allowScripts: true } : {}
  if (runtime === 'python')
    return {
      ...common,
      ...scripts,
      runtime,
      package: source.package,
      with: overrides.with ?? [],
      override: overrides.override ?? [],
    }
  for (const option of ['with', 'override'] as const) {
    if ((overrides[option] ?? []).length > 0)
      throw new ToolkitError(`--${option} is for packages of Python`, { hint: 'leave it out' })
  }
  if (runtime === 'node') return { ...common, ...scripts, runtime, package: source.package }
  // The path of a program may go on below its module; only `go list` knows where the module ends.
  if (runtime === 'go') return { ...common, runtime, package: found.module ?? source.package }
  return runtime === 'image' ? { ...common, runtime, package: source.package } : { ...common, runtime }
}

/** `@scope/mcp-server-thing` → `thing`. */
export function nameOf(label: string): string {
  const parts = label.replace(/[:@][^/]*$/, '').split('/')
  const last = bare(parts.at(-1) ?? '')
  return (last || bare(parts.at(-2) ?? '') || 'tool').slice(0, 40).replace(/-+$/, '')
}

/** Small letters, digits and "-", without the words "mcp" and "server" at either end. */
function bare(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .replace(/^(mcp-server|server|mcp)(-|$)/, '')
    .replace(/(^|-)(mcp-server|server-mcp|server|mcp)$/, '')
    .replaceAll(/^[^a-z]+|-+$/g, '')
}

function titleOf(name: string): string {
  return name
    .split('-')
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join(' ')
}

/** A package's description as one line that a label can hold. */
export function plain(text: string | undefined): string | undefined {
  const line = (text ?? '')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replaceAll(/["\\$`]/g, '')
    .trim()
    .slice(0, 200)
  return field.sentence().safeParse(line).success ? line : undefined
}

const DESCRIPTIVE = { source: field.url(), license: field.licence(), serverName: field.serverName() }

/** These only describe the tool: one that the recipe would refuse is left out. */
function optional(key: keyof typeof DESCRIPTIVE, value: string | undefined): object {
  return DESCRIPTIVE[key].safeParse(value).success ? { [key]: value } : {}
}
