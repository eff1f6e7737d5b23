// tools/change: how `./tools add|update|rollback|remove` change the files of the stack; the shell does what needs Docker.
import { randomBytes } from 'node:crypto'
import { ToolkitError } from '../../errors.ts'
import type { Recipe } from '../../recipe/schema.ts'
import type { Folder } from '../folder.ts'
import type { ToolNames } from '../compose-config.ts'
import { parseComposeFile, requiredVariables } from '../compose-file.ts'
import { withToken } from '../../token-file.ts'
import { withFilter } from '../people/bridge-config.ts'
import { GATEWAY, tokenVariable, toolVariable } from '../../render/names.ts'
import { composeFiles, withComposeFile, withoutComposeFile, withoutValue, withValue } from './env-file.ts'
import { composeFragment, imageOnly, networkName, numberedVolume } from './compose-fragment.ts'
import { aliasesOf, withoutServer, withServer } from './litellm-config.ts'
import { snapshot } from './snapshot.ts'
import type { ReservedNames } from './reserved-names.ts'

/** A tool whose image can be built. */
export interface PreparedTool {
  recipe: Recipe
  image: string
  /** The build context: path → content. */
  files: ReadonlyMap<string, string | Buffer>
}

const ADDED = 'added'
const PREVIOUS = '.previous'
const COMPOSE = 'compose.yaml'
const LITELLM = ['config', 'litellm.yaml'] as const
const ENV = '.env'

/** Writes the files, entries and tokens of a new tool. @throws ToolkitError before anything has changed */
export function addTool(
  folder: Folder,
  tool: PreparedTool,
  options: ToolNames & {
    variables: ReadonlyMap<string, string>
    present: readonly ToolNames[]
    taken: ReservedNames
  },
): void {
  const { service, alias, present, taken } = options
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(service))
    throw new ToolkitError(`"${service}" is no name of a service`, {
      hint: 'write small letters, digits and single "-"',
    })
  // With a "-" in it LiteLLM does not start; and it becomes part of a variable.
  if (!/^[a-z][a-z0-9_]{0,30}$/.test(alias))
    throw new ToolkitError(`"${alias}" is no alias`, {
      hint: 'write small letters, digits and "_", a letter first, 31 at most',
    })
  if (folder.has(ADDED, service) || present.some((each) => each.service === service))
    throw new ToolkitError(
      `${service} is there already: ./tools update ${service}, or --name for a second one`,
    )
  if (aliasesOf(folder.read(...LITELLM)).includes(alias))
    throw new ToolkitError(`the alias ${alias} is taken in config/litellm.yaml`, {
      hint: 'choose another with --alias',
    })
  checkVariables(tool.recipe, options.variables)
  const token = tokenVariable(alias)
  const variables = new Map([...options.variables.keys()].map((name) => [name, toolVariable(alias, name)]))
  checkNames(tool.recipe, options, taken, [token, ...variables.values()])
  const stored = [...options.variables].map(
    ([name, value]) => [toolVariable(alias, name), quoted(value)] as const,
  )
  snapshot(folder, service)
  writeContext(folder, service, tool)
  const secret = randomBytes(32).toString('hex')
  let env = withValue(folder.read(ENV), token, secret)
  for (const [name, value] of stored) env = withValue(env, name, value)
  folder.writeSecret(withComposeFile(env, `${ADDED}/${service}/${COMPOSE}`), ENV)
  const placed = { service, alias, image: tool.image, token, variables, isProxied: isProxied(env) }
  folder.write(composeFragment(tool.recipe, placed), ADDED, service, COMPOSE)
  folder.write(withToken('', GATEWAY, secret), 'people', service, 'tokens')
  folder.write(withFilter('', GATEWAY, tool.recipe.tools), 'people', service, 'bridge.yaml')
  const { description } = tool.recipe
  folder.write(withServer(folder.read(...LITELLM), { service, alias, token, description }), ...LITELLM)
}

/**
 * Compose merges what has the same name: a tool with the name of a service would get its passwords, volumes and networks.
 *
 * @throws ToolkitError for a name that the stack uses
 */
function checkNames(
  { volumes }: Recipe,
  { service, alias }: ToolNames,
  taken: ReservedNames,
  variables: readonly string[],
): void {
  const names: { what: string; name: string; among: ReadonlySet<string>; option: string }[] = [
    { what: 'service', name: service, among: taken.hosts, option: '--name' },
    // By this name the proxy reaches the tool, and so does everybody who is on a network with it.
    { what: 'alias', name: alias, among: taken.hosts, option: '--alias' },
    { what: 'network', name: networkName(service), among: taken.networks, option: '--name' },
    ...volumes.map((_, i) => {
      return { what: 'volume', name: numberedVolume(service, i), among: taken.volumes, option: '--name' }
    }),
    ...variables.map((name) => ({ what: 'variable', name, among: taken.variables, option: '--alias' })),
  ]
  for (const { what, name, among, option } of names)
    if (among.has(name))
      throw new ToolkitError(`the ${what} ${name} is a name of the stack itself`, {
        hint: `choose another with ${option}`,
      })
}

/** Takes the tool from another recipe; `rollbackTool` brings the one before back. */
export function updateTool(folder: Folder, tool: PreparedTool, { service, alias }: ToolNames): void {
  snapshot(folder, service)
  const before = writtenAs(folder, service)
  setAside(folder, service)
  writeContext(folder, service, tool)
  const env = folder.read(ENV)
  const placed = {
    service,
    alias,
    image: tool.image,
    token: before.token ?? tokenVariable(alias),
    variables: before.variables,
    isProxied: isProxied(env),
  }
  const text = !before.isOwn ? imageOnly(placed) : composeFragment(tool.recipe, placed)
  folder.write(text, ADDED, service, COMPOSE)
  folder.writeSecret(withComposeFile(env, `${ADDED}/${service}/${COMPOSE}`), ENV)
}

/** Back to what it was before the last update; a second rollback undoes the first. @throws ToolkitError if there was none */
export function rollbackTool(folder: Folder, service: string): void {
  if (!folder.has(ADDED, PREVIOUS, service))
    throw new ToolkitError(`${service} was never updated: there is nothing to go back to`)
  snapshot(folder, service)
  const file = `${ADDED}/${service}/${COMPOSE}`
  const [now, before, aside] = [
    [ADDED, service],
    [ADDED, PREVIOUS, service],
    ['run', 'aside'],
  ]
  folder.move(before, aside)
  setAside(folder, service)
  // A tool of docker-compose.yml that had nothing of its own here goes back to that.
  if (folder.has(...aside, COMPOSE)) folder.move(aside, now)
  else folder.remove(...aside)
  const env = folder.read(ENV)
  folder.writeSecret(folder.has(file) ? withComposeFile(env, file) : withoutComposeFile(env, file), ENV)
}

/** Removes all that `addTool` wrote; volumes are left to the shell. @throws ToolkitError for a tool of docker-compose.yml */
export function removeTool(folder: Folder, { service, alias }: ToolNames): void {
  const before = writtenAs(folder, service)
  if (!before.isOwn)
    throw new ToolkitError(
      `${service} belongs to docker-compose.yml: leave its profile out of COMPOSE_PROFILES in .env`,
    )
  snapshot(folder, service)
  let env = withoutComposeFile(folder.read(ENV), `${ADDED}/${service}/${COMPOSE}`)
  for (const name of [before.token, ...before.variables.values()])
    if (name !== undefined) env = withoutValue(env, name)
  folder.writeSecret(env, ENV)
  folder.write(withoutServer(folder.read(...LITELLM), alias), ...LITELLM)
  folder.remove('people', service)
  folder.remove(ADDED, service)
  folder.remove(ADDED, PREVIOUS, service)
}

function writeContext(folder: Folder, service: string, { files }: PreparedTool): void {
  for (const [path, content] of files) folder.write(content, ADDED, service, ...path.split('/'))
}

/** Keeps one older state of the tool; of one of docker-compose.yml a mark that there was none. */
function setAside(folder: Folder, service: string): void {
  folder.remove(ADDED, PREVIOUS, service)
  if (folder.has(ADDED, service)) folder.move([ADDED, service], [ADDED, PREVIOUS, service])
  else folder.write('as docker-compose.yml has it\n', ADDED, PREVIOUS, service, 'origin')
}

function checkVariables({ environment, secrets }: Recipe, given: ReadonlyMap<string, string>): void {
  const known = new Set([...environment, ...secrets].map(({ name }) => name))
  for (const name of given.keys())
    if (!known.has(name))
      throw new ToolkitError(`the tool knows no ${name}`, {
        hint: `it knows ${[...known].join(', ') || 'none'}`,
      })
  const missing = [...environment, ...secrets].filter(({ required, name }) => required && !given.has(name))
  if (missing.length > 0)
    throw new ToolkitError(
      `the tool needs: ${missing.map(({ name, description }) => `--env ${name}=… (${description})`).join(', ')}`,
    )
}

/** What the Compose file of a tool below `added/` says about it. */
interface Written {
  /** It describes a service of its own; else it gives one of docker-compose.yml another image. */
  isOwn: boolean
  token: string | undefined
  variables: Map<string, string>
}

function writtenAs(folder: Folder, service: string): Written {
  const file = parseComposeFile(folder.read(ADDED, service, COMPOSE))
  const [token] = requiredVariables(file, 'litellm').values()
  return {
    isOwn: file.services?.['litellm'] !== undefined,
    token,
    variables: requiredVariables(file, service),
  }
}

function isProxied(env: string): boolean {
  return composeFiles(env).includes('proxy/compose.yaml')
}

/** Single quotes: compose expands nothing in them. */
function quoted(value: string): string {
  if (/['\n\r]/.test(value)) throw new ToolkitError("a value with ' or a line break cannot stand in .env")
  return `'${value}'`
}
