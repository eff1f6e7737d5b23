// people/command: `./add-user`: lets people in, shows who is in, and what they paste into their clients.
import type { Command } from 'commander'
import { columns } from '../../columns.ts'
import { ToolkitError } from '../../errors.ts'
import type { ToolNames } from '../compose-config.ts'
import type { Folder } from '../folder.ts'
import type { Gateway } from '../gateway.ts'
import { deleteKey, grant, keyFor, removePerson, renewTokens } from './add.ts'
import { parseGrants } from './grants.ts'
import { checkName } from './name.ts'
import { grantAt, readPeople, type Person } from './person.ts'
import { additions, settings } from './settings.ts'

/** Services that the shell has to restart, one a line: this program has no access to Docker. */
const RESTART = ['run', 'restart'] as const
/** Who is not wholly in yet: the shell takes them out again if it is interrupted. */
const UNFINISHED = ['run', 'unfinished-person'] as const

export interface PeopleContext {
  folder: Folder
  gateway: Gateway
  tools: readonly ToolNames[]
  /** What people on the LAN open. */
  lanUrl: string
}

interface Options {
  remove?: boolean
  list?: boolean
  show?: boolean
  tools: string[]
  models: string[]
  url?: string
}

/** `program add-user …`; @param end gets what to print, and the exit code */
export function addPeopleCommand(
  program: Command,
  context: () => Promise<PeopleContext>,
  end: (said: string, code: number) => void,
): void {
  program
    .command('add-user')
    .argument('[name]')
    .option('--remove')
    .option('--list')
    .option('--show')
    .option('--tools <list>', '', gathered, [])
    .option('--models <list>', '', gathered, [])
    .option('--url <url>')
    .action(async (name: string | undefined, options: Options) => {
      const given = await context()
      given.folder.remove(...RESTART)
      if (options.list === true) return end(await listed(given), 0)
      if (name === undefined)
        throw new ToolkitError('add-user takes one name', { hint: 'write ./add-user alice' })
      checkName(name)
      if (options.remove === true) return end(...(await removed(name, given)))
      const known = (await readPeople(given.folder, given.gateway, given.tools)).find(
        (each) => each.name === name,
      )
      if (options.show === true) return end(await shown(name, known, options, given), 0)
      return end(
        known === undefined ? await letIn(name, options, given) : letFurtherIn(known, options, given),
        0,
      )
    })
}

async function letIn(name: string, options: Options, context: PeopleContext): Promise<string> {
  const { folder, gateway, tools } = context
  const grants = parseGrants(options.tools, tools)
  const isForAll = options.tools.length === 0
  folder.writeSecret(`${name}\n`, ...UNFINISHED)
  const key = await keyFor(gateway, { name, isForAll, models: options.models, since: undefined })
  const { tokens, restart } = grant(folder, tools, name, grants)
  toRestart(folder, restart)
  return settings({ name, url: urlOf(options, context), key, tokens })
}

function letFurtherIn(person: Person, options: Options, { folder, tools }: PeopleContext): string {
  const { name } = person
  if (options.models.length > 0)
    throw new ToolkitError(`${name} has a key already, and a key keeps its models`, {
      hint: `./add-user --show ${name} --models … makes another key`,
    })
  if (options.tools.length === 0 && !person.isForAll)
    throw new ToolkitError(`${name} is here already: ${grantsOf(folder, tools, name)}`, {
      hint: `--tools adds some, --show prints the settings again, --remove takes all back`,
    })
  const { tokens, restart } = grant(folder, tools, name, parseGrants(options.tools, tools))
  toRestart(folder, restart)
  if (tokens.size > 0) return additions(name, tokens)
  const change =
    restart.length > 0
      ? `${name} may use more of ${restart.join(', ')} now.`
      : `${name} has all of that already.`
  return `${change} The settings stay; ./add-user --show ${name} makes new ones.`
}

/** Secrets are kept nowhere but at LiteLLM, as hashes, and at the bridges: they are made anew. */
async function shown(
  name: string,
  known: Person | undefined,
  options: Options,
  context: PeopleContext,
): Promise<string> {
  const { folder, gateway, tools } = context
  if (known === undefined)
    throw new ToolkitError(`nobody here is called ${name}`, { hint: './add-user --list says who is' })
  if (options.tools.length > 0)
    throw new ToolkitError('--show changes no rights', { hint: `first: ./add-user ${name} --tools …` })
  await deleteKey(gateway, name)
  const models = options.models.length > 0 ? options.models : known.models
  const key = await keyFor(gateway, { ...known, models })
  const text = settings({ name, url: urlOf(options, context), key, tokens: renewTokens(folder, tools, name) })
  return `The key and the tokens that ${name} had open nothing any more; these are new.\n\n${text}`
}

async function removed(
  name: string,
  { folder, gateway, tools }: PeopleContext,
): Promise<[said: string, code: number]> {
  const { found, restart } = await removePerson(folder, gateway, tools, name)
  toRestart(folder, restart)
  return found
    ? [`${name} is out: the key and all tokens are gone.`, 0]
    : [`Nobody here is called ${name}.`, 1]
}

async function listed({ folder, gateway, tools }: PeopleContext): Promise<string> {
  const people = await readPeople(folder, gateway, tools)
  if (people.length === 0) return 'Nobody is in yet: ./add-user NAME'
  const rows = people.map(({ name, isForAll, since }) => [
    name,
    isForAll ? `all: ${grantsOf(folder, tools, name)}` : grantsOf(folder, tools, name),
    since?.slice(0, 10) ?? 'has no key: ./add-user --show',
  ])
  return columns([['NAME', 'TOOLS', 'SINCE'], ...rows]).join('\n')
}

/** As `--tools` is written. */
function grantsOf(folder: Folder, tools: readonly ToolNames[], name: string): string {
  const words = tools.flatMap(({ service, alias }) => {
    const globs = grantAt(folder, service, name)
    if (globs === undefined) return []
    return globs.length === 0 ? [alias] : globs.map((glob) => `${alias}:${glob}`)
  })
  return words.join(',') || 'none'
}

function urlOf({ url }: Options, { lanUrl }: PeopleContext): string {
  return `${(url ?? lanUrl).replace(/\/(mcp\/?)?$/, '')}/mcp/`
}

function toRestart(folder: Folder, services: readonly string[]): void {
  folder.write(services.map((service) => `${service}\n`).join(''), ...RESTART)
}

function gathered(value: string, before: string[]): string[] {
  return [...before, ...value.split(',')]
}
