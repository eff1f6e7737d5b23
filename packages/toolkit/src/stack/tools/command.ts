// tools/command: `./tools`: changes files, and writes down for the shell what Docker has to do.
import { parseArgs } from 'node:util'
import { ToolkitError } from '../../errors.ts'
import { readTool, type Tool } from '../../recipe/read.ts'
import type { Recipe } from '../../recipe/schema.ts'
import { serviceName } from '../../render/names.ts'
import { namedTools, toolNamed, type ToolNames } from '../compose-config.ts'
import { parseComposeFile } from '../compose-file.ts'
import { parseContainers } from '../facts.ts'
import type { Folder } from '../folder.ts'
import { addTool, removeTool, rollbackTool, updateTool } from './change.ts'
import { toolList } from './list.ts'
import { bridgeVersion, fromCatalogue, fromSource, inVersion, newest, prepared } from './prepare.ts'
import { keep, undo } from './snapshot.ts'
import { reservedNames, type ReservedNames } from './reserved-names.ts'

/** Read by lib/tools.sh: a word and its value on each line. */
const ORDERS = ['run', 'orders'] as const

export interface Context {
  folder: Folder
  catalogue: Folder
  facts: ReadonlyMap<string, string>
}

/** Returns what to print. */
export async function changeTools(args: readonly string[], context: Context): Promise<string> {
  const [verb = 'list', ...rest] = args
  const { folder } = context
  folder.remove(...ORDERS)
  switch (verb) {
    case 'list':
      return toolList(
        folder,
        context.facts.get('compose') ?? '',
        parseContainers(context.facts.get('ps') ?? ''),
      )
    case 'add':
      return add(rest, context)
    case 'update':
      return update(rest, context)
    case 'rollback': {
      const { service } = named(rest, context)
      rollbackTool(folder, service)
      order(folder, [['service', service], ...imageToBuild(folder, service)])
      return ''
    }
    case 'remove': {
      const tool = named(rest, context)
      removeTool(folder, tool)
      order(folder, [['service', tool.service]])
      return ''
    }
    case 'undo': {
      const service = undo(folder)
      if (service !== undefined) order(folder, [['service', service], ...imageToBuild(folder, service)])
      return ''
    }
    case 'keep':
      keep(folder)
      return ''
    default:
      throw new ToolkitError(`there is no command "${verb}"`, {
        hint: 'write list, add, update, rollback or remove',
      })
  }
}

async function add(args: readonly string[], { folder, catalogue, facts }: Context): Promise<string> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      alias: { type: 'string' },
      env: { type: 'string', multiple: true },
      entry: { type: 'string' },
      network: { type: 'string' },
      volume: { type: 'string', multiple: true },
    },
  })
  const [source, ...programArgs] = positionals
  if (source === undefined) throw new ToolkitError('add: no tool is named', { hint: 'write ./tools add git' })
  const variables = new Map((values.env ?? []).map(variable))
  const tool =
    fromCatalogue(catalogue, source) ??
    (await fromSource(source, folder, {
      ...values,
      args: programArgs,
      secrets: [...variables.keys()],
      volumes: values.volume,
      network: values.network === 'none' ? 'none' : 'open',
    }))
  const compose = facts.get('compose') ?? ''
  const taken = reservedNames(folder, facts.get('all') ?? compose)
  const present = namedTools(compose)
  const { service, alias } = namesFor(tool.recipe, values, present, taken)
  addTool(folder, prepared(tool, bridgeVersion(folder)), { service, alias, variables, present, taken })
  order(folder, [['service', service], ['alias', alias], ...imageToBuild(folder, service)])
  return ''
}

/** A prefix keeps the names of packages apart from those of the stack: somebody's tool may be called `postgres`. */
function namesFor(
  recipe: Recipe,
  wanted: { name?: string; alias?: string },
  present: readonly ToolNames[],
  taken: ReservedNames,
): ToolNames {
  const service = wanted.name ?? serviceName(recipe)
  // Services of docker-compose.yml have no prefix, nor have tools that were added before there was one.
  if (wanted.name === undefined && present.some((each) => each.service === recipe.name))
    throw new ToolkitError(
      `${recipe.name} is there already: ./tools update ${recipe.name}, or --name for a second one`,
    )
  const plain = (wanted.name ?? recipe.name).replaceAll('-', '_')
  const alias = wanted.alias ?? (taken.hosts.has(plain) ? service.replaceAll('-', '_') : plain)
  return { service, alias }
}

async function update(args: readonly string[], context: Context): Promise<string> {
  const [, version] = args
  const tool = named(args, context)
  const { service } = tool
  const { folder, catalogue } = context
  const known = folder.has('added', service, 'recipe.yaml')
    ? readTool(folder.path('added', service))
    : fromCatalogue(catalogue, tool.recipe)
  if (known === undefined) throw new ToolkitError(`${service} has no recipe: it cannot be updated`)
  const next = await nextOf(known, version, catalogue)
  if (next === undefined)
    throw new ToolkitError(`${service} is at its newest version, ${known.recipe.version}`)
  updateTool(folder, prepared(next, bridgeVersion(folder)), tool)
  order(folder, [['service', service], ...imageToBuild(folder, service)])
  return ''
}

/** The version that was asked for; else what the catalogue has, else the newest one of the registry. */
async function nextOf(
  known: Tool,
  version: string | undefined,
  catalogue: Folder,
): Promise<Tool | undefined> {
  if (version !== undefined) return inVersion(known.text, version)
  const listed = fromCatalogue(catalogue, known.recipe.name)
  if (listed !== undefined && listed.text !== known.text) return listed
  const latest = await newest(known.recipe)
  return latest === known.recipe.version ? undefined : inVersion(known.text, latest)
}

function named([service = '']: readonly string[], { facts }: Context): ReturnType<typeof namedTools>[number] {
  const tools = namedTools(facts.get('compose') ?? '')
  return toolNamed(service, tools)
}

/** The image to build, unless the tool is as docker-compose.yml has it. */
function imageToBuild(folder: Folder, service: string): [string, string][] {
  const image = parseComposeFile(folder.read('added', service, 'compose.yaml')).services?.[service]?.image
  return image === undefined ? [] : [['image', image]]
}

function order(folder: Folder, orders: readonly (readonly [string, string])[]): void {
  folder.write(orders.map(([word, value]) => `${word} ${value}\n`).join(''), ...ORDERS)
}

function variable(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new ToolkitError(`"${text}" sets no variable`, { hint: 'write --env NAME=VALUE' })
  return [text.slice(0, at), text.slice(at + 1)]
}
