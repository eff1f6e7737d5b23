// tools/command: `./tools`: changes files, and writes down for the shell what Docker has to do.
import type { Command } from 'commander'
import { ToolkitError } from '../../errors.ts'
import type { Recipe } from '../../recipe/schema.ts'
import { serviceName } from '../../render/names.ts'
import { imagesOf, namedTools, toolNamed, type NamedTool, type ToolNames } from '../compose-config.ts'
import { parseComposeFile } from '../compose-file.ts'
import { parseContainers, parseVariables } from '../facts.ts'
import type { Folder } from '../folder.ts'
import type { Gateway } from '../gateway.ts'
import { accessTo } from './access.ts'
import { addTool, removeTool, rollbackTool, updateTool } from './change.ts'
import { imagesIn } from './history.ts'
import { toolList } from './list.ts'
import { stepOf } from './newer.ts'
import { outdated } from './outdated.ts'
import { bridgeVersion, fromCatalogue, fromSource, prepared } from './prepare.ts'
import { undo } from './snapshot.ts'
import { reservedNames, type ReservedNames } from './reserved-names.ts'

/** Read by lib/tools.sh: a word and its value on each line. */
const ORDERS = ['run', 'orders'] as const

export interface Context {
  folder: Folder
  catalogue: Folder
  facts: ReadonlyMap<string, string>
  /** Says what a new tool offers. */
  gateway: Pick<Gateway, 'restTools'>
}

/** `program tools …`; @param say gets what to print */
export function addToolsCommand(
  program: Command,
  context: () => Promise<Context>,
  say: (text: string) => void,
): void {
  const tools = program.command('tools').helpCommand(false)
  const verb = (name: string, run: (context: Context, ...args: string[]) => Promise<string> | string) =>
    tools.command(name).action(async (...args: unknown[]) => {
      const given = await context()
      given.folder.remove(...ORDERS)
      const words = args.filter((each) => typeof each === 'string')
      const said = await run(given, ...words)
      if (said !== '') say(said)
    })

  tools
    .command('add')
    .argument('<source>')
    .argument('[arguments...]')
    .option('--name <service>')
    .option('--alias <alias>')
    .option('--env <name>', '', gathered, [])
    .option('--entry <program>')
    .option('--network <word>')
    .option('--volume <path>', '', gathered, [])
    .action(async (source: string, args: string[], options: AddOptions) => {
      const given = await context()
      given.folder.remove(...ORDERS)
      await add(source, args, options, given)
    })
  verb('list', ({ folder, facts }) =>
    toolList(folder, composeOf(facts), parseContainers(facts.get('ps') ?? '')),
  )
  verb('update', update).argument('<service>').argument('[version]')
  verb('rollback', rollback).argument('<service>')
  verb('remove', (given, name = '') => {
    const tool = named(name, given)
    removeTool(given.folder, tool)
    order(given.folder, [['service', tool.service]])
    return ''
  }).argument('<service>')
  verb('outdated', async (given) => {
    const { table, orders } = await outdated(namedTools(composeOf(given.facts)), given)
    order(given.folder, orders)
    return table
  })
  verb('needed', ({ folder, facts }) => {
    const images = new Set([...imagesOf(facts.get('all') ?? ''), ...imagesIn(folder)])
    order(
      folder,
      [...images].map((image) => ['image', image]),
    )
    return ''
  })
  verb('undo', ({ folder }) => {
    const service = undo(folder)
    if (service !== undefined) order(folder, [['service', service], ...imageToBuild(folder, service)])
    return ''
  })
  verb('access', (given, name = '') => accessTo(named(name, given), composeOf(given.facts), given)).argument(
    '<service>',
  )
}

interface AddOptions {
  name?: string
  alias?: string
  env: string[]
  entry?: string
  network?: string
  volume: string[]
}

async function add(source: string, args: string[], options: AddOptions, context: Context): Promise<void> {
  const { folder, catalogue, facts } = context
  const variables = variablesOf(options.env, facts)
  const listed = fromCatalogue(catalogue, source)
  const tool =
    listed ??
    (await fromSource(source, folder, {
      name: options.name,
      entry: options.entry,
      args,
      secrets: [...variables.keys()],
      volumes: options.volume,
      network: options.network === 'none' ? 'none' : 'open',
    }))
  const compose = composeOf(facts)
  const taken = reservedNames(folder, facts.get('all') ?? compose)
  const present = namedTools(compose)
  const { service, alias } = namesFor(tool.recipe, options, present, taken)
  const made = prepared(tool, bridgeVersion(folder), { isListed: listed !== undefined })
  addTool(folder, made, { service, alias, variables, present, taken })
  order(folder, [['service', service], ['alias', alias], ...imageToBuild(folder, service)])
}

/** Their values come beside the arguments, which every user of the machine can see. */
function variablesOf(names: readonly string[], facts: Context['facts']): Map<string, string> {
  const values = parseVariables(facts.get('env') ?? '')
  return new Map(
    names.map((name) => {
      const value = values.get(name)
      if (value === undefined)
        throw new ToolkitError(`"${name}" sets no variable`, { hint: 'write ./tools add … --env NAME' })
      return [name, value]
    }),
  )
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

async function update(context: Context, name = '', version?: string): Promise<string> {
  const { folder } = context
  const tool = named(name, context)
  const { from, to, isNew, prepare } = await stepOf(tool, version, context)
  if (!isNew) return `${tool.service} is at ${to} already`
  updateTool(folder, await prepare(), tool)
  order(folder, [
    ['service', tool.service],
    ['step', stepText(from, to)],
    ...imageToBuild(folder, tool.service),
  ])
  return ''
}

function rollback(context: Context, name = ''): string {
  const { folder } = context
  const { service } = named(name, context)
  rollbackTool(folder, service)
  order(folder, [['service', service], ...imageToBuild(folder, service)])
  return ''
}

/** The same version is built anew where the bridge or the recipe below it is another. */
function stepText(from: string, to: string): string {
  return from === to ? `${to}, built anew` : `${from} → ${to}`
}

function named(service: string, { facts }: Context): NamedTool {
  return toolNamed(service, namedTools(composeOf(facts)))
}

/** The image to build, unless the tool is as docker-compose.yml has it. */
function imageToBuild(folder: Folder, service: string): [string, string][] {
  const image = parseComposeFile(folder.read('added', service, 'compose.yaml')).services?.[service]?.image
  return image === undefined ? [] : [['image', image]]
}

function order(folder: Folder, orders: readonly (readonly [string, string])[]): void {
  folder.write(orders.map(([word, value]) => `${word} ${value}\n`).join(''), ...ORDERS)
}

function composeOf(facts: Context['facts']): string {
  return facts.get('compose') ?? ''
}

function gathered(value: string, before: string[]): string[] {
  return [...before, value]
}
