// import/project: the tools of a client's configuration → images, one Compose file, secrets, and what to paste into the client.
import { randomBytes } from 'node:crypto'
import {
  CLIENTS,
  redacted,
  secretArguments,
  type Client,
  type ClientFile,
  type Entry,
} from '@mcp-bridge/client-file'
import { stringify } from 'yaml'
import type { Assets } from '../build/base.ts'
import { ToolkitError } from '../errors.ts'
import { renderCompose, type ComposeFile } from '../render/compose.ts'
import { litellmEntryOf } from '../render/litellm.ts'
import { GATEWAY, litellmName, serviceName, tokenVariable, toolVariable } from '../render/names.ts'
import { isBuildContext, render } from '../render/render.ts'
import { withToken } from '../token-file.ts'
import type { Question } from './asked.ts'
import { clientEntries, type Address } from './client-entry.ts'
import { dotenvText } from './dotenv.ts'
import { caddyfile, FRONT_PORT, frontPart, pathsOf } from './front.ts'
import { named } from './names.ts'
import type { Place } from './place.ts'
import { planOf } from './plan.ts'
import { remoteOf } from './remote.ts'
import { merge, partOf } from './service.ts'
import { inCatalogue, originOf, toolFor } from './tool.ts'
import { envLine } from './values.ts'

export interface Imported {
  /** By path. */
  files: Map<string, string | Buffer>
  /** Files for their owner alone, by path. Lines that were filled in by hand stay. */
  secrets: Map<string, string>
  tools: { name: string; tag: string; from: string; url: string; notes: string[] }[]
  /** Servers that run elsewhere: they get an entry of LiteLLM and nothing else. */
  remote: { name: string; notes: string[] }[]
  /** Those of them whose URL holds a secret, and is in `litellm.env` for that reason. */
  remoteSecret: string[]
  leftOut: { name: string; reason: string }[]
  /** Lines of `.env` without which Compose starts nothing. */
  questions: Question[]
  /** Of what to paste into the client. */
  client: { file: string; text: string }
}

export interface ImportOptions {
  assets: Assets
  place: Place
  /** Name of the Compose project: of two stacks on a machine nothing may be called alike. */
  project: string
  /** Where people reach the stack. */
  bind: string
  port: number
  /** The token that somebody has for a service already. */
  tokenOf(service: string, principal: string): string | undefined
  say(text: string): void
}

/** The variables that LiteLLM's entries name. */
export const LITELLM_ENV = 'litellm.env'
/** The principal that people's own client is to every bridge. */
export const OWN_CLIENT = 'client'
const HEAD =
  '# Made by mcp-bridge compose from. Each folder of images/ is the build context of one service.\n'

export async function importFile(file: ClientFile, options: ImportOptions): Promise<Imported> {
  const { project } = options
  const result: Imported = {
    ...{ files: new Map(), secrets: new Map(), tools: [], remote: [], remoteSecret: [] },
    ...{ leftOut: [], questions: [], client: { file: '', text: '' } },
  }
  const stack: Stack = {
    compose: { services: {}, networks: {}, secrets: {}, volumes: {} },
    ...{ litellm: {}, environment: [], addresses: [] },
  }
  for (const [entry, name] of named(file.entries)) {
    const secrets = [
      ...secretArguments(entry.command).map(({ secret }) => secret),
      ...Object.values(entry.headers).filter((value) => !value.includes('${')),
    ]
    try {
      if (entry.isDisabled) throw new ToolkitError('it is switched off in the file')
      if (entry.problem !== undefined) throw new ToolkitError(entry.problem)
      if (entry.transport === 'remote') addRemote(entry, name, file, options, stack, result)
      else
        await addTool(
          entry,
          name,
          file,
          { ...options, shown: redacted(entry.command.join(' '), secrets) },
          stack,
          result,
        )
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error
      const hint = error.hint === undefined ? '' : `: ${error.hint}`
      result.leftOut.push({ name: entry.name, reason: redacted(`${error.message}${hint}`, secrets) })
    }
  }
  finish(file, options, stack, result)
  result.questions = unique(result.questions)
  result.secrets.set('.env', dotenvText(options, result.questions))
  result.files.set('compose.yaml', renderCompose({ name: project, ...stack.compose } as ComposeFile, HEAD))
  return result
}

interface Stack {
  compose: ComposeFile
  litellm: Record<string, object>
  environment: string[]
  addresses: Address[]
}

async function addTool(
  entry: Entry,
  name: string,
  file: ClientFile,
  options: ImportOptions & { shown: string },
  stack: Stack,
  result: Imported,
): Promise<void> {
  const { assets, bind, port, project } = options
  options.say(`${entry.name}: ${options.shown}`)
  const own = (variable: string): string => toolVariable(litellmName({ name }), variable)
  const plan = planOf(entry, {
    ...readingOf(entry, file, options),
    own,
    find: (parsed) => inCatalogue(parsed, assets)?.recipe,
  })
  const tool = await toolFor(plan, name, inCatalogue(plan.parsed, assets))
  const { recipe } = tool
  const service = serviceName(recipe)
  const { tag, files } = render(tool, { bridgeVersion: assets.version, bases: assets.bases })
  // Everything that may throw comes before the first file is added.
  const part = partOf(tool, plan, { tag, paths: pathsOf(name), own })
  const tokens = [GATEWAY, OWN_CLIENT].map((principal) => {
    const token = options.tokenOf(service, principal) ?? randomBytes(24).toString('base64url')
    return { principal, token }
  })
  const [gateway = '', client = ''] = tokens.map(({ token }) => token)
  const tokenLine = envLine(tokenVariable(litellmName(recipe)), gateway)
  merge(stack.compose, part.compose)
  for (const [path, content] of files) {
    if (isBuildContext(path) || path === 'docker-bake.hcl')
      result.files.set(`images/${name}/${path}`, content)
  }
  for (const [alias, server] of Object.entries(litellmEntryOf(recipe)))
    stack.litellm[alias] = { ...server, url: `http://${project}:${FRONT_PORT}/${name}/sse` }
  stack.environment.push(tokenLine)
  result.secrets.set(
    `secrets/${service}.tokens`,
    tokens.reduce((text, { principal, token }) => withToken(text, principal, token), ''),
  )
  if (part.secrets !== '') result.secrets.set(`secrets/${service}.env`, part.secrets)
  result.questions.push(...plan.questions, ...part.questions)
  const url = `http://${hostOf(bind)}:${port}/${name}/mcp`
  const isTwice = file.entries.filter((each) => each.name === entry.name).length > 1
  stack.addresses.push({ name: isTwice ? name : entry.name, url, token: client })
  const notes = [
    ...originOf(plan),
    ...plan.notes,
    ...(entry.project === undefined ? [] : [`of ${entry.project}`]),
  ]
  const shown = notes.map((note) => note.replace(' SERVICE:', ` ${service}:`))
  result.tools.push({ name, tag, from: options.shown, url, notes: shown })
}

function addRemote(
  entry: Entry,
  name: string,
  file: ClientFile,
  options: ImportOptions,
  stack: Stack,
  result: Imported,
): void {
  const remote = remoteOf(entry, name, readingOf(entry, file, options))
  stack.litellm[litellmName({ name })] = remote.server
  stack.environment.push(remote.environment)
  result.remote.push({ name: entry.name, notes: remote.notes })
  if (remote.isAddressSecret) result.remoteSecret.push(entry.name)
}

function readingOf({ project }: Entry, { client, inputs }: ClientFile, { place }: ImportOptions) {
  const { isBare = false }: Client = CLIENTS[client]
  return { inputs, isBare, place: project === undefined ? place : { ...place, workspace: project } }
}

function finish(
  { client }: ClientFile,
  { project, assets }: ImportOptions,
  stack: Stack,
  result: Imported,
): void {
  const { compose, litellm, environment, addresses } = stack
  const names = result.tools.map(({ name }) => name)
  if (names.length > 0) {
    merge(compose, frontPart(names, project, assets.bases))
    result.files.set('Caddyfile', caddyfile(names))
    result.client = clientEntries(client, addresses)
    result.secrets.set(result.client.file, result.client.text)
  }
  if (Object.keys(compose.volumes ?? {}).length === 0) delete compose.volumes
  const where = `# LiteLLM reaches the tools as http://${project}:${FRONT_PORT} on the network ${project}_front.\n`
  result.files.set('litellm.yaml', `${HEAD}${where}${stringify({ mcp_servers: litellm }, { lineWidth: 0 })}`)
  result.secrets.set(LITELLM_ENV, environment.join(''))
  result.files.set('.gitignore', ['secrets/', '.env', 'client.*', LITELLM_ENV, ''].join('\n'))
}

/** An address that a client can call; all addresses of this machine are none. */
function hostOf(bind: string): string {
  if (bind === '0.0.0.0' || bind === '::') return '127.0.0.1'
  return bind.includes(':') ? `[${bind}]` : bind
}

function unique(questions: readonly Question[]): Question[] {
  return questions.filter(({ name }, i) => questions.findIndex((each) => each.name === name) === i)
}
