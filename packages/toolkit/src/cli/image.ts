// cli/image: what `mcp-bridge image …` does, command by command.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ensureBase, baseFiles, type Assets } from '../build/base.ts'
import { makeLock } from '../lock/make.ts'
import { ToolkitError } from '../errors.ts'
import { catalogue, catalogueTool } from '../recipe/catalogue.ts'
import { draftOf, findTool } from '../recipe/find.ts'
import { parseRecipe, readLock, type Tool } from '../recipe/read.ts'
import type { Recipe } from '../recipe/schema.ts'
import { baseImage } from '../render/layout.ts'
import { serviceName } from '../render/names.ts'
import { render, type Platform } from '../render/render.ts'
import { writeFiles } from '../files.ts'
import type { Overrides } from '../resolve/scaffold.ts'
import { parseSource, SOURCE_FORMS } from '../resolve/source.ts'
import { askedFor } from './variables.ts'
import { json, table } from './text.ts'

export interface Io {
  out(text: string): void
  err(text: string): void
  isTerminal: boolean
}

export interface Common {
  format: 'table' | 'json'
  output?: string
  dryRun: boolean
  ca?: string
}

export function list(assets: Assets, io: Io, { format }: Pick<Common, 'format'>): void {
  const tools = catalogue(assets.catalogue).map((name) => catalogueTool(assets.catalogue, name).recipe)
  if (format === 'json') {
    const rows = tools.map(({ name, version, runtime, network, children, description, tools: offered }) => {
      return { name, version, runtime, network, children, description, tools: offered }
    })
    return io.out(json(rows))
  }
  const rows = tools.map(({ name, version, runtime, network, children, description }) => {
    return [name, version, runtime, network, children, description]
  })
  io.out(table([['NAME', 'VERSION', 'RUNTIME', 'NETWORK', 'CHILDREN', 'WHAT IT DOES'], ...rows]))
}

/** Writes recipe and lock of a source, or makes the lock of a recipe anew. */
export async function init(
  text: string,
  overrides: Overrides,
  { relock, ...common }: Common & { relock: boolean },
  assets: Assets,
  io: Io,
): Promise<void> {
  const say = (what: string) => {
    if (common.format === 'table') io.err(`asking which packages ${what} is made of …\n`)
  }
  const { tool, folder } = relock
    ? await relocked(text, say)
    : await initial(text, overrides, common.output, assets, say)
  const files = new Map<string, string | Buffer>([
    ['recipe.yaml', tool.text],
    ...[...tool.lock].map(([name, bytes]): [string, Buffer] => [`lock/${name}`, bytes]),
  ])
  if (!common.dryRun) writeFiles(folder, files)
  const { tag } = render(tool, { bridgeVersion: assets.version, bases: assets.bases })
  if (common.format === 'json')
    return io.out(
      json({ folder, tag, recipe: tool.recipe, files: [...files.keys()], isDryRun: common.dryRun }),
    )
  if (common.dryRun) return io.out(tool.text)
  io.out(
    `${folder}: ${[...files.keys()].join(', ')}\n${relock ? '' : namesOf(tool.recipe)}next: mcp-bridge image build ${folder}\n`,
  )
}

function namesOf(recipe: Recipe): string {
  const names = askedFor(recipe).map(({ name }) => name)
  return names.length === 0
    ? ''
    : `it reads ${names.join(', ')}; strike from recipe.yaml what you do not need\n`
}

async function initial(
  text: string,
  overrides: Overrides,
  output: string | undefined,
  assets: Assets,
  say: (what: string) => void,
): Promise<{ tool: Tool; folder: string }> {
  const source = parseSource(text)
  if (source === undefined)
    throw new ToolkitError(`"${text}" is no source`, {
      hint: `there are ${SOURCE_FORMS}`,
    })
  say(text)
  const tool = await draftOf(source, assets, overrides)
  const folder = output ?? tool.recipe.name
  if (existsSync(join(folder, 'recipe.yaml')))
    throw new ToolkitError(`${join(folder, 'recipe.yaml')} is there already`, {
      hint: 'name another folder with --output, or make its lock anew with --relock',
    })
  return { tool, folder }
}

async function relocked(path: string, say: (what: string) => void): Promise<{ tool: Tool; folder: string }> {
  const file = path.endsWith('.yaml') ? path : join(path, 'recipe.yaml')
  if (!existsSync(file)) throw new ToolkitError(`${file} is not there`)
  const text = readFileSync(file, 'utf8')
  const recipe = parseRecipe(text, file)
  say(recipe.name)
  const present = recipe.runtime === 'binary' ? readLock(join(dirname(file), 'lock')) : undefined
  return { tool: { recipe, text, lock: await makeLock(recipe, present) }, folder: dirname(file) }
}

export async function renderCommand(
  text: string,
  overrides: Overrides,
  common: Common & Partial<Record<Platform, boolean>>,
  assets: Assets,
  io: Io,
): Promise<void> {
  const tool = await findTool(text, assets, overrides)
  const platforms = (['kubernetes', 'podman'] as const).filter((each) => common[each] === true)
  const { tag, files } = render(tool, { bridgeVersion: assets.version, bases: assets.bases, platforms })
  const folder = common.output ?? serviceName(tool.recipe)
  if (!common.dryRun) writeFiles(folder, files)
  if (common.format === 'json') {
    const shown = [...files].filter(([name]) => !name.startsWith('lock/'))
    const texts = Object.fromEntries(shown.map(([name, content]) => [name, content.toString()]))
    return io.out(
      json({ tag, folder, files: common.dryRun ? texts : [...files.keys()], isDryRun: common.dryRun }),
    )
  }
  if (common.dryRun) {
    for (const [name, content] of files)
      if (!name.startsWith('lock/')) io.out(`# ---- ${name}\n${content.toString()}\n`)
    return
  }
  const next = [
    `docker build --tag ${tag} ${folder}`,
    ...platforms.map((each) => `see ${folder}/${each}/README.md`),
  ].map((each) => `next: ${each}\n`)
  io.out(`${folder}: ${[...files.keys()].join(', ')}\n${next.join('')}`)
}

export async function base(common: Common, assets: Assets, io: Io): Promise<void> {
  if (common.output !== undefined) writeFiles(common.output, baseFiles(assets))
  const name = baseImage(assets.version)
  if (common.dryRun || common.output !== undefined) {
    return io.out(
      common.format === 'json' ? json({ tag: name, folder: common.output, isDryRun: true }) : `${name}\n`,
    )
  }
  const { tag, isNew } = await ensureBase(assets, { ca: common.ca, progress: progressOf(common, io) })
  io.out(common.format === 'json' ? json({ tag, isNew }) : `${tag}${isNew ? '' : ' is there already'}\n`)
}

/** How Docker shows a build: a live display on a terminal, lines elsewhere, nothing beside JSON. */
export function progressOf({ format }: Common, io: Io): 'auto' | 'plain' | 'quiet' {
  if (format === 'json') return 'quiet'
  return io.isTerminal ? 'auto' : 'plain'
}
