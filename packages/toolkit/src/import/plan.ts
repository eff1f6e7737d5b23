// import/plan: one entry of a client's file → what becomes of it; nothing is asked of a registry or an engine.
import { secretArguments, type Entry } from '@mcp-bridge/client-file'
import { ToolkitError } from '../errors.ts'
import type { Recipe } from '../recipe/schema.ts'
import { argumentsOf } from './arguments.ts'
import { readText, type Question, type Reading } from './asked.ts'
import { parseCommand, type ParsedCommand } from './command.ts'
import { environment, environmentFiles } from './environment.ts'
import { Mounts } from './mounts.ts'
import { absolutePath, isReserved } from './place.ts'
import { valuesOf, type Value } from './values.ts'
import { pathVariables } from './path-variables.ts'

export interface Plan {
  parsed: ParsedCommand
  recipe: Recipe | undefined
  args: string[]
  /** Further ones, in compose.yaml. */
  runArgs: string[]
  values: Value[]
  mounts: Mounts
  /** Folders in the container that must last. */
  volumes: string[]
  /** Files of variables that are not here; the bridge reads them when it starts. */
  envFiles: string[]
  /** Secrets that are files, by the name of their variable: where they are. */
  files: Map<string, string>
  /** Options of the bridge. */
  bridge: Record<string, string>
  user: string | undefined
  questions: Question[]
  notes: string[]
}

export interface PlanOptions extends Reading {
  /** The same package of the catalogue. */
  find(parsed: ParsedCommand): Recipe | undefined
  own(name: string): string
}

/** @throws ToolkitError with the reason why nothing can be made of it */
export function planOf(entry: Entry, options: PlanOptions): Plan {
  const { place } = options
  const parsed = parseCommand(entry.command)
  const recipe = options.find(parsed)
  refuseSecretArguments(parsed.args, recipe)
  const cwd = entry.cwd === undefined ? undefined : readText(entry.cwd, options).text
  const base =
    (cwd === undefined ? undefined : absolutePath(cwd, place.workspace, place.home)) ?? place.workspace
  const mounts = new Mounts(options, base, options.own)
  const notes = [...entry.notes]
  const files = environmentFiles(entry, parsed, options, mounts)
  const given = environment(entry, parsed, files.variables, notes)
  const paths = pathVariables(given, { recipe, mounts, isInside: parsed.run !== undefined, reading: options })
  const { values, questions } = valuesOf(paths.env, { ...options, secretNames: entry.secretNames })
  const args = argumentsOf(parsed.args, {
    ...{ recipe, mounts, reading: options, isInside: parsed.run !== undefined },
  })
  const volumes = [...paths.volumes, ...dockerMounts(parsed, mounts, notes)]
  const bridge = { ...toolFilter(entry, notes), ...workingFolder(entry, parsed, mounts, notes) }
  const dropped = [...entry.dropped, ...parsed.dropped]
  if (dropped.length > 0) notes.push(`not carried over: ${[...new Set(dropped)].join(', ')}`)
  return {
    ...{ parsed, recipe, values, mounts, volumes, bridge, files: paths.files },
    args: args.baked,
    runArgs: args.run,
    envFiles: files.missing,
    user: userOf(parsed, mounts, notes),
    questions: [...mounts.questions, ...args.questions, ...questions, ...files.questions],
    notes: [...notes, ...paths.notes, ...args.notes, ...files.notes, ...mounts.notes],
  }
}

/** An argument can be read in the image and in the process list of the machine. */
function refuseSecretArguments(args: readonly string[], known: Recipe | undefined): void {
  const [found] = secretArguments(args)
  if (found === undefined) return
  const names = known?.secrets.map(({ name }) => name) ?? []
  throw new ToolkitError(
    `a secret stands in its arguments (${found.where}), and an argument would be in the image: take it out there, and give it below "env" as ${names.length > 0 ? names.join(' or ') : 'the variable that the tool reads'}; docs/IMAGES.md has a way for a tool that reads none`,
  )
}

/** What docker mounts; gives the folders of volumes. */
function dockerMounts({ run }: ParsedCommand, mounts: Mounts, notes: string[]): string[] {
  return (run?.mounts ?? []).flatMap(({ source, target, isReadOnly, isBind }) => {
    if (/^\/var\/run\/docker\.sock$/.test(source ?? ''))
      throw new ToolkitError(
        'it is handed the socket of Docker, and with it this whole machine: that is not wrapped',
      )
    if (isBind && source !== undefined) mounts.bind(source, () => target, isReadOnly)
    else if (!isReserved(target)) return [target]
    else {
      mounts.volume(source ?? 'data', target, isReadOnly)
      notes.push(`the volume at ${target} has the rights that the image gave that folder`)
    }
    return []
  })
}

/** Of a tool; anything else would be a pattern to the bridge. */
function isName(name: string): boolean {
  return /^[\w./-]+$/.test(name)
}

function toolFilter({ allow, deny }: Entry, notes: string[]): Record<string, string> {
  const odd = [...allow, ...deny].filter((name) => !isName(name))
  if (odd.length > 0) notes.push(`no names of tools: ${odd.join(', ')}`)
  const lists = { MCP_BRIDGE_TOOLS_ALLOW: allow.filter(isName), MCP_BRIDGE_TOOLS_DENY: deny.filter(isName) }
  return Object.fromEntries(
    Object.entries(lists).flatMap(([name, list]) => (list.length === 0 ? [] : [[name, list.join(',')]])),
  )
}

/** Where it starts, if that is a folder here. */
function workingFolder(
  { cwd }: Entry,
  { run }: ParsedCommand,
  mounts: Mounts,
  notes: string[],
): Record<string, string> {
  if (run?.workdir !== undefined) return { MCP_BRIDGE_CWD: run.workdir }
  if (cwd === undefined || run !== undefined) return {}
  const target = mounts.bindIfHere(cwd)
  if (target !== undefined) return { MCP_BRIDGE_CWD: target }
  notes.push(`not carried over: cwd ${cwd}`)
  return {}
}

function userOf({ run }: ParsedCommand, mounts: Mounts, notes: string[]): string | undefined {
  const user = run?.user
  if (user === undefined) return mounts.user
  if (/^[1-9]\d*(:\d+)?$/.test(user)) return user
  notes.push(`not carried over: --user ${user}`)
  return mounts.user
}
