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
import { withComposeFile, withoutComposeFile, withoutValue, withValue } from './env-file.ts'
import { composeFragment, imageOnly } from './compose-fragment.ts'
import { forgetLatestStep, historyOf, keepStep, latestStep } from './history.ts'
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
  const secret = randomBytes(32).toString('hex')
  const fragment = composeFragment(tool.recipe, { service, alias, image: tool.image, token, variables })
  folder.replaceAll(new Map([...tool.files, [COMPOSE, fragment]]), ADDED, service)
  folder.write(withToken('', GATEWAY, secret), 'people', service, 'tokens')
  folder.write(withFilter('', GATEWAY, tool.recipe.tools), 'people', service, 'bridge.yaml')
  const { description } = tool.recipe
  folder.write(
    withServer(folder.read(...LITELLM_CONFIG), { service, alias, token, description }),
    ...LITELLM_CONFIG,
  )
  let env = withValue(folder.read(ENV), token, secret)
  for (const [name, value] of stored) env = withValue(env, name, value)
  // Last: Compose reads the tool's file from here on, and it needs all the rest.
  folder.writeSecret(withComposeFile(env, fileOf(service)), ENV)
}

/** Takes the tool from another recipe; `rollbackTool` brings back what was before. */
export function updateTool(folder: Folder, tool: PreparedTool, { service, alias }: ToolNames): void {
  snapshot(folder, service)
  const { isOwn, token, variables } = writtenAs(folder, service)
  keepStep(folder, service)
  const placed = { service, alias, image: tool.image, token: token ?? tokenVariable(alias), variables }
  const text = isOwn ? composeFragment(tool.recipe, placed) : imageOnly(placed)
  folder.replaceAll(new Map([...tool.files, [COMPOSE, text]]), ADDED, service)
  folder.writeSecret(withComposeFile(folder.read(ENV), fileOf(service)), ENV)
}

/** Back to what it was before its last update; once more, and it is what it was before that. @throws ToolkitError if there was none */
export function rollbackTool(folder: Folder, service: string): void {
  const before = latestStep(folder, service)
  snapshot(folder, service)
  const env = folder.read(ENV)
  if (before === undefined) {
    // Compose must not be told of a file that is gone.
    folder.writeSecret(withoutComposeFile(env, fileOf(service)), ENV)
    folder.remove(ADDED, service)
  } else {
    folder.replaceAll(before, ADDED, service)
    folder.writeSecret(withComposeFile(env, fileOf(service)), ENV)
  }
  forgetLatestStep(folder, service)
}

/** Removes all that `addTool` wrote; volumes are left to the shell. @throws ToolkitError for a tool of docker-compose.yml */
export function removeTool(folder: Folder, { service, alias }: ToolNames): void {
  const before = writtenAs(folder, service)
  if (!before.isOwn)
    throw new ToolkitError(
      `${service} belongs to docker-compose.yml: leave its profile out of COMPOSE_PROFILES in .env`,
    )
  snapshot(folder, service)
  let env = withoutComposeFile(folder.read(ENV), fileOf(service))
  for (const name of [before.token, ...before.variables.values()])
    if (name !== undefined) env = withoutValue(env, name)
  folder.writeSecret(env, ENV)
  folder.write(withoutServer(folder.read(...LITELLM_CONFIG), alias), ...LITELLM_CONFIG)
  folder.remove('people', service)
  folder.remove(ADDED, service)
  folder.remove(...historyOf(service))
}

/** As COMPOSE_FILE names it. */
function fileOf(service: string): string {
  return `${ADDED}/${service}/${COMPOSE}`
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

/** Single quotes: compose expands nothing in them. */
function quoted(value: string): string {
  if (/['\n\r]/.test(value)) throw new ToolkitError("a value with ' or a line break cannot stand in .env")
  return `'${value}'`
}
