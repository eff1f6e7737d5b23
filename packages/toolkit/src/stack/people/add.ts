// people/add: adds or removes a person: a key of LiteLLM, and a token of their own at each bridge.
import { randomBytes } from 'node:crypto'
import { ToolkitError } from '../../errors.ts'
import type { ToolNames } from '../compose-config.ts'
import type { Folder } from '../folder.ts'
import type { Gateway } from '../gateway.ts'
import { namesOf, withoutToken, withToken } from '../../token-file.ts'
import { filterOf, withFilter, withoutFilter } from './bridge-config.ts'
import { checkName } from './name.ts'
import type { Credentials } from './settings.ts'
import type { Grant } from './grants.ts'

const TOKENS = 'tokens'
const CONFIG = 'bridge.yaml'
const PEOPLE = 'people'
/** Marks the keys of this command in LiteLLM's list. */
const MADE_BY = 'add-user'

export interface Added {
  credentials: Credentials
  /** Services to restart: a bridge reads its filters at its start only. */
  restart: string[]
}

/**
 * Asks LiteLLM for the key first: if it refuses, no file has changed.
 *
 * @param url what people on the LAN open
 * @throws ToolkitError if the name is taken, or LiteLLM refuses
 */
export async function addPerson(
  folder: Folder,
  gateway: Gateway,
  tools: readonly ToolNames[],
  person: { name: string; grants: readonly Grant[]; models: readonly string[]; url: string },
): Promise<Added> {
  const { name, grants } = person
  checkName(name)
  if (tools.some(({ service }) => isKnown(folder, service, name)))
    throw new ToolkitError(`${name} is known already`, { hint: `first: ./add-user --remove ${name}` })
  const key = await gateway.generateKey({
    key_alias: name,
    models: person.models,
    metadata: { made_by: MADE_BY },
  })
  const tokens = new Map<string, string>()
  const restart: string[] = []
  for (const { service, allow } of grants) {
    const token = randomBytes(32).toString('hex')
    folder.write(withToken(folder.read(PEOPLE, service, TOKENS), name, token), PEOPLE, service, TOKENS)
    const alias = tools.find((tool) => tool.service === service)?.alias ?? service
    tokens.set(alias, token)
    if (allow.length > 0) {
      folder.write(withFilter(folder.read(PEOPLE, service, CONFIG), name, allow), PEOPLE, service, CONFIG)
      restart.push(service)
    }
  }
  return { credentials: { name, url: person.url, key, tokens }, restart }
}

/** Deletes the key of this name at LiteLLM, and every token and filter at the bridges. Returns the services to restart. */
export async function removePerson(
  folder: Folder,
  gateway: Gateway,
  tools: readonly ToolNames[],
  name: string,
): Promise<{ found: boolean; restart: string[] }> {
  checkName(name)
  const restart: string[] = []
  let found = false
  for (const { service } of tools) {
    if (!isKnown(folder, service, name)) continue
    found = true
    const config = folder.read(PEOPLE, service, CONFIG)
    const without = withoutFilter(config, name)
    // The filter first: a bridge does not start with a filter for a name without a token.
    if (without !== config) {
      folder.write(without, PEOPLE, service, CONFIG)
      restart.push(service)
    }
    folder.write(withoutToken(folder.read(PEOPLE, service, TOKENS), name), PEOPLE, service, TOKENS)
  }
  const { status, text } = await gateway.deleteKeys({ key_aliases: [name] })
  const isUnknown = status === 404 || /not found|no keys/i.test(text)
  if (status !== 200 && !isUnknown)
    throw new ToolkitError(`LiteLLM kept the key of ${name}: HTTP ${status}: ${text}`)
  return { found: found || status === 200, restart }
}

function isKnown(folder: Folder, service: string, name: string): boolean {
  return (
    namesOf(folder.read(PEOPLE, service, TOKENS)).includes(name) ||
    filterOf(folder.read(PEOPLE, service, CONFIG), name).length > 0
  )
}
