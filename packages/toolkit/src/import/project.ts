// import/project: the tools of a client's configuration → images, one Compose file, secrets and LiteLLM's entries.
import { randomBytes } from 'node:crypto'
import { stringify } from 'yaml'
import type { Assets } from '../build/base.ts'
import { ToolkitError } from '../problem.ts'
import type { Tool } from '../recipe/read.ts'
import { composeFile, renderCompose, secretLines, type ComposeFile } from '../render/compose.ts'
import { litellmEntry } from '../render/litellm.ts'
import { litellmName, serviceName, tokenVariable } from '../render/place.ts'
import { render } from '../render/render.ts'
import { nameOf } from '../resolve/draft.ts'
import type { ClientFile, Entry } from './client-file.ts'
import { toolFor, type ImportedTool } from './tool.ts'
import { envLine, valuesOf, type Value } from './values.ts'

export interface Imported {
  /** By path. */
  files: Map<string, string | Buffer>
  /** Files that hold what a person fills in: made once, never written over. */
  secrets: Map<string, string>
  tools: { name: string; tag: string; from: string; notes: string[] }[]
  /** What is served elsewhere: only LiteLLM's entry. */
  remote: string[]
  leftOut: { name: string; reason: string }[]
}

export interface ImportOptions {
  assets: Assets
  /** The token that LiteLLM has for a service already. */
  tokenOf(service: string): string | undefined
  say(text: string): void
}

/** Of the token file of each tool: who LiteLLM is there. */
export const GATEWAY = 'litellm'
/** For LiteLLM: the variables that its entries name. */
export const LITELLM_ENV = 'litellm.env'
const HEAD =
  '# Made by mcp-bridge compose from. Each folder of images/ is the build context of one service.\n'

export async function importFile({ entries, inputs }: ClientFile, options: ImportOptions): Promise<Imported> {
  const result: Imported = { files: new Map(), secrets: new Map(), tools: [], remote: [], leftOut: [] }
  const compose: ComposeFile = { services: {}, networks: {}, secrets: {}, volumes: {} }
  const litellm: Record<string, object> = {}
  const tokens: string[] = []
  for (const [entry, name] of named(entries)) {
    if (entry.url !== undefined && entry.command.length === 0) {
      litellm[litellmName({ name })] = remoteEntry(entry.url)
      result.remote.push(entry.name)
      continue
    }
    try {
      options.say(`${entry.name}: ${entry.command.join(' ')}`)
      const values = valuesOf(entry.env, inputs)
      const imported = await toolFor(entry, name, values, options.assets)
      const { recipe } = imported.tool
      const service = serviceName(recipe)
      const { tag, files } = render(imported.tool, { bridgeVersion: options.assets.version })
      for (const [path, content] of files) {
        if (isOfImage(path)) result.files.set(`images/${name}/${path}`, content)
      }
      merge(compose, serviceOf(imported, tag, values))
      Object.assign(litellm, litellmEntry(recipe))
      const token = options.tokenOf(service) ?? randomBytes(24).toString('base64url')
      tokens.push(envLine(tokenVariable(litellmName(recipe)), token))
      result.secrets.set(`secrets/${service}.tokens`, `${GATEWAY}:${token}\n`)
      const lines = secretText(imported.tool, values)
      if (lines !== '') result.secrets.set(`secrets/${service}.env`, lines)
      result.tools.push({ name, tag, from: entry.command.join(' '), notes: imported.notes })
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error
      result.leftOut.push({ name: entry.name, reason: error.message })
    }
  }
  if (Object.keys(compose.volumes ?? {}).length === 0) delete compose.volumes
  result.files.set('compose.yaml', renderCompose(compose, HEAD))
  result.files.set('litellm.yaml', `${HEAD}${stringify({ mcp_servers: litellm }, { lineWidth: 0 })}`)
  result.files.set(LITELLM_ENV, tokens.join(''))
  result.files.set('.gitignore', `secrets/\n${LITELLM_ENV}\n`)
  return result
}

/** Two names that become the same are told apart. */
function named(entries: readonly Entry[]): [Entry, string][] {
  const taken = new Map<string, number>()
  return entries.map((entry) => {
    const name = nameOf(entry.name)
    const count = (taken.get(name) ?? 0) + 1
    taken.set(name, count)
    return [entry, count === 1 ? name : `${name}-${count}`]
  })
}

function isOfImage(path: string): boolean {
  return /^(Dockerfile|\.dockerignore|recipe\.yaml|docker-bake\.hcl|lock\/.*)$/.test(path)
}

function serviceOf({ tool, binds }: ImportedTool, tag: string, values: readonly Value[]): ComposeFile {
  const given = values.filter(({ isSecret, value }) => !isSecret && value !== undefined)
  const part = composeFile(tool.recipe, {
    tag,
    context: `./images/${tool.recipe.name}`,
    values: Object.fromEntries(given.map(({ name, value }) => [name, value ?? ''])),
  })
  const service = part.services[serviceName(tool.recipe)]
  if (service === undefined || binds.length === 0) return part
  // The folders take the place of the volume: what lies below it is theirs.
  service['volumes'] = binds.map(({ source, target }) => ({
    type: 'bind',
    source: source.replaceAll('$', '$$$$'),
    target: target.replaceAll('$', '$$$$'),
    bind: { create_host_path: false },
  }))
  delete part.volumes
  return part
}

function merge(into: ComposeFile, part: ComposeFile): void {
  Object.assign(into.services, part.services)
  Object.assign(into.networks, part.networks)
  into.secrets = { ...into.secrets, ...part.secrets }
  into.volumes = { ...into.volumes, ...part.volumes }
}

function secretText(tool: Tool, values: readonly Value[]): string {
  return secretLines(tool.recipe)
    .split('\n')
    .map((line) => {
      const found = values.find(({ name }) => line.replace(/^# /, '') === `${name}=`)
      return found?.value === undefined ? line : envLine(found.name, found.value).trimEnd()
    })
    .join('\n')
}

function remoteEntry(url: string): object {
  return { url, transport: /\/sse\/?$/.test(url) ? 'sse' : 'http' }
}
