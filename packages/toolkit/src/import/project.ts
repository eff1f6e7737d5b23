// import/project: the tools of a client's configuration → images, one Compose file, secrets and LiteLLM's entries.
import { randomBytes } from 'node:crypto'
import { stringify } from 'yaml'
import type { Assets } from '../build/base.ts'
import { ToolkitError } from '../errors.ts'
import { redacted, holdsSecret, secretArguments } from '../recipe/credential.ts'
import type { Tool } from '../recipe/read.ts'
import { composeFile, renderCompose, secretLines, type ComposeFile } from '../render/compose.ts'
import { FROM_ENVIRONMENT, litellmEntryOf } from '../render/litellm.ts'
import { GATEWAY, litellmName, serviceName, tokenVariable, toolVariable } from '../render/names.ts'
import { isBuildContext, render } from '../render/render.ts'
import { nameOf } from '../resolve/scaffold.ts'
import { withToken } from '../token-file.ts'
import type { ClientFile, Entry } from './client-file.ts'
import { toolFor, type ImportedTool } from './tool.ts'
import { envLine, valuesOf, type Value } from './values.ts'

export interface Imported {
  /** By path. */
  files: Map<string, string | Buffer>
  /** Files for their owner alone, by path. Those below secrets/ may have been filled in by hand: their lines stay. */
  secrets: Map<string, string>
  tools: { name: string; tag: string; from: string; notes: string[] }[]
  /** Servers that run elsewhere: they get an entry of LiteLLM and nothing else. */
  remote: string[]
  /** Those of them whose URL holds a secret, and is in `litellm.env` for that reason. */
  remoteSecret: string[]
  leftOut: { name: string; reason: string }[]
}

export interface ImportOptions {
  assets: Assets
  /** The token that LiteLLM has for a service already. */
  tokenOf(service: string): string | undefined
  say(text: string): void
}

/** The variables that LiteLLM's entries name. */
export const LITELLM_ENV = 'litellm.env'
const HEAD =
  '# Made by mcp-bridge compose from. Each folder of images/ is the build context of one service.\n'

export async function importFile({ entries, inputs }: ClientFile, options: ImportOptions): Promise<Imported> {
  const result: Imported = {
    files: new Map(),
    secrets: new Map(),
    tools: [],
    remote: [],
    remoteSecret: [],
    leftOut: [],
  }
  const compose: ComposeFile = { services: {}, networks: {}, secrets: {}, volumes: {} }
  const litellm: Record<string, object> = {}
  const environment: string[] = []
  for (const [entry, name] of named(entries)) {
    const secrets = secretArguments(entry.command).map(({ secret }) => secret)
    const command = redacted(entry.command.join(' '), secrets)
    try {
      if (entry.url !== undefined && entry.command.length === 0) {
        const { server, variable } = remoteEntry(entry.url, name)
        litellm[litellmName({ name })] = server
        if (variable !== undefined) environment.push(envLine(variable, entry.url))
        result.remote.push(entry.name)
        if (variable !== undefined) result.remoteSecret.push(entry.name)
        continue
      }
      options.say(`${entry.name}: ${command}`)
      const values = valuesOf(entry.env, inputs)
      const imported = await toolFor(entry, name, values, options.assets)
      const { recipe } = imported.tool
      const service = serviceName(recipe)
      const { tag, files } = render(imported.tool, { bridgeVersion: options.assets.version })
      // Everything that may throw comes before the first file is added.
      const lines = secretText(imported.tool, values)
      const token = options.tokenOf(service) ?? randomBytes(24).toString('base64url')
      const tokenLine = envLine(tokenVariable(litellmName(recipe)), token)
      merge(compose, serviceOf(imported, tag, values))
      for (const [path, content] of files) {
        if (isBuildContext(path) || path === 'docker-bake.hcl')
          result.files.set(`images/${name}/${path}`, content)
      }
      Object.assign(litellm, litellmEntryOf(recipe))
      environment.push(tokenLine)
      result.secrets.set(`secrets/${service}.tokens`, withToken('', GATEWAY, token))
      if (lines !== '') result.secrets.set(`secrets/${service}.env`, lines)
      result.tools.push({ name, tag, from: command, notes: imported.notes })
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error
      result.leftOut.push({ name: entry.name, reason: redacted(error.message, secrets) })
    }
  }
  if (Object.keys(compose.volumes ?? {}).length === 0) delete compose.volumes
  result.files.set('compose.yaml', renderCompose(compose, HEAD))
  result.files.set('litellm.yaml', `${HEAD}${stringify({ mcp_servers: litellm }, { lineWidth: 0 })}`)
  result.secrets.set(LITELLM_ENV, environment.join(''))
  result.files.set('.gitignore', `secrets/\n${LITELLM_ENV}\n`)
  return result
}

/** Names that become equal get a number; one that is taken already, such as a server called `memory-2`, is skipped. */
function named(entries: readonly Entry[]): [Entry, string][] {
  const taken = new Set<string>()
  return entries.map((entry) => {
    const wanted = nameOf(entry.name)
    let name = wanted
    for (let count = 2; taken.has(name); count += 1)
      name = `${wanted.slice(0, 36).replace(/-+$/, '')}-${count}`
    taken.add(name)
    return [entry, name]
  })
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
  // The folders are mounted in place of the volume.
  service['volumes'] = binds.map(({ source, target }) => ({
    type: 'bind',
    source: source.replaceAll('$', '$$$$'),
    target: target.replaceAll('$', '$$$$'),
    bind: { create_host_path: false },
  }))
  delete part.volumes
  return part
}

/** Names in these must not clash: `x` with a login has a service `mcp-x-login`, and so has a tool called `x-login`. */
const OWN = ['services', 'secrets', 'volumes'] as const

/** @throws ToolkitError rather than give one tool what is another's */
function merge(into: ComposeFile, part: ComposeFile): void {
  for (const kind of OWN) {
    const twice = Object.keys(part[kind] ?? {}).find((name) => name in (into[kind] ?? {}))
    if (twice !== undefined)
      throw new ToolkitError(`another tool has ${twice} among its ${kind} already: call this one otherwise`)
  }
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

/** A URL that holds a secret is kept in a variable of LiteLLM; the entry names the variable. */
function remoteEntry(url: string, name: string): { server: object; variable: string | undefined } {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new ToolkitError('its url is no address of http')
  const variable = holdsSecret(url) ? toolVariable(litellmName({ name }), 'URL') : undefined
  const transport = /\/sse\/?$/.test(new URL(url).pathname) ? 'sse' : 'http'
  return {
    server: { url: variable === undefined ? url : `${FROM_ENVIRONMENT}${variable}`, transport },
    variable,
  }
}
