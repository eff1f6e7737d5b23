// people/add: lets a person in, or further in: a key of LiteLLM, and a token of their own at each bridge.
import { randomBytes } from 'node:crypto'
import { ToolkitError } from '../../errors.ts'
import type { ToolNames } from '../compose-config.ts'
import type { Folder } from '../folder.ts'
import type { Gateway } from '../gateway.ts'
import { withoutToken, withToken } from '../../token-file.ts'
import { withFilter, withoutFilter } from './bridge-config.ts'
import type { Grant } from './grants.ts'
import { CONFIG, grantAt, metadataOf, PEOPLE, TOKENS, type Person } from './person.ts'

export interface Added {
  /** New ones, by alias. */
  tokens: Map<string, string>
  /** Services to restart: a bridge reads its filters at its start only. */
  restart: string[]
}

/** Asks LiteLLM for a key. @throws ToolkitError if it refuses; nothing has changed then */
export function keyFor(gateway: Gateway, person: Person): Promise<string> {
  const { name, models } = person
  return gateway.generateKey({ key_alias: name, models, metadata: metadataOf(person) })
}

/** Gives what a person does not have yet; nothing is taken away. */
export function grant(
  folder: Folder,
  tools: readonly ToolNames[],
  name: string,
  grants: readonly Grant[],
): Added {
  const tokens = new Map<string, string>()
  const restart: string[] = []
  for (const { service, allow } of grants) {
    const had = grantAt(folder, service, name)
    const wanted = union(had, allow)
    const config = folder.read(PEOPLE, service, CONFIG)
    const changed = wanted.length > 0 ? withFilter(config, name, wanted) : withoutFilter(config, name)
    if (changed !== config) {
      folder.write(changed, PEOPLE, service, CONFIG)
      restart.push(service)
    }
    if (had !== undefined) continue
    // Only now: whoever reads both files finds no token without its filter.
    tokens.set(aliasOf(tools, service), writeToken(folder, service, name))
  }
  return { tokens, restart }
}

/** New tokens in place of those that a person has, by alias. */
export function renewTokens(folder: Folder, tools: readonly ToolNames[], name: string): Map<string, string> {
  const having = tools.filter(({ service }) => grantAt(folder, service, name) !== undefined)
  return new Map(having.map(({ service, alias }) => [alias, writeToken(folder, service, name)]))
}

/** Deletes the key of this name at LiteLLM. @throws ToolkitError if it keeps it. Returns whether there was one */
export async function deleteKey(gateway: Gateway, name: string): Promise<boolean> {
  const { status, text } = await gateway.deleteKeys({ key_aliases: [name] })
  const isUnknown = status === 404 || /not found|no keys/i.test(text)
  if (status !== 200 && !isUnknown)
    throw new ToolkitError(`LiteLLM kept the key of ${name}: HTTP ${status}: ${text}`)
  return status === 200
}

/** Deletes the key, and every token and filter at the bridges. Returns the services to restart. */
export async function removePerson(
  folder: Folder,
  gateway: Gateway,
  tools: readonly ToolNames[],
  name: string,
): Promise<{ found: boolean; restart: string[] }> {
  const restart: string[] = []
  let found = false
  for (const { service } of tools) {
    const config = folder.read(PEOPLE, service, CONFIG)
    const without = withoutFilter(config, name)
    found ||= without !== config || grantAt(folder, service, name) !== undefined
    // The token first: at no time is there one without its filter.
    folder.write(withoutToken(folder.read(PEOPLE, service, TOKENS), name), PEOPLE, service, TOKENS)
    if (without === config) continue
    folder.write(without, PEOPLE, service, CONFIG)
    restart.push(service)
  }
  const hadKey = await deleteKey(gateway, name)
  return { found: found || hadKey, restart }
}

/** What somebody has and gets; no globs is all, and more than any. */
function union(had: readonly string[] | undefined, allow: readonly string[]): string[] {
  if (had === undefined) return [...allow]
  return had.length === 0 || allow.length === 0 ? [] : [...new Set([...had, ...allow])]
}

function writeToken(folder: Folder, service: string, name: string): string {
  const token = randomBytes(32).toString('hex')
  folder.write(withToken(folder.read(PEOPLE, service, TOKENS), name, token), PEOPLE, service, TOKENS)
  return token
}

function aliasOf(tools: readonly ToolNames[], service: string): string {
  return tools.find((tool) => tool.service === service)?.alias ?? service
}
