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
import { checkNewTool, type NewTool } from './check-new-tool.ts'
import { composeFiles, withComposeFile, withoutComposeFile, withoutValue, withValue } from './env-file.ts'
import { composeFragment, imageOnly } from './compose-fragment.ts'
import { LITELLM_CONFIG, withoutServer, withServer } from './litellm-config.ts'
import { snapshot } from './snapshot.ts'

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
const ENV = '.env'

/** Writes the files, entries and tokens of a new tool. @throws ToolkitError before anything has changed */
export function addTool(folder: Folder, tool: PreparedTool, options: NewTool): void {
  const { service, alias, variables: values } = options
  checkNewTool(folder, tool.recipe, options)
  const token = tokenVariable(alias)
  const variables = new Map([...values.keys()].map((name) => [name, toolVariable(alias, name)]))
  const stored = [...values].map(([name, value]) => [toolVariable(alias, name), quoted(value)] as const)
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
  folder.write(
    withServer(folder.read(...LITELLM_CONFIG), { service, alias, token, description }),
    ...LITELLM_CONFIG,
  )
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
  const text = before.isOwn ? composeFragment(tool.recipe, placed) : imageOnly(placed)
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
  // A mark that there was nothing: the tool is again as docker-compose.yml has it.
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
  folder.write(withoutServer(folder.read(...LITELLM_CONFIG), alias), ...LITELLM_CONFIG)
  folder.remove('people', service)
  folder.remove(ADDED, service)
  folder.remove(ADDED, PREVIOUS, service)
}

function writeContext(folder: Folder, service: string, { files }: PreparedTool): void {
  for (const [path, content] of files) folder.write(content, ADDED, service, ...path.split('/'))
}

/** Keeps the present state as the previous one; for a tool that is as docker-compose.yml has it, a mark that says so. */
function setAside(folder: Folder, service: string): void {
  folder.remove(ADDED, PREVIOUS, service)
  if (folder.has(ADDED, service)) folder.move([ADDED, service], [ADDED, PREVIOUS, service])
  else folder.write('as docker-compose.yml has it\n', ADDED, PREVIOUS, service, 'origin')
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
