// people/person: the people of the stack, as LiteLLM's keys and the files of the bridges know them.
import { namesOf } from '../../token-file.ts'
import type { ToolNames } from '../compose-config.ts'
import type { Folder } from '../folder.ts'
import type { Gateway, StoredKey } from '../gateway.ts'
import { GATEWAY } from '../../render/names.ts'
import { filterOf } from './bridge-config.ts'

export const TOKENS = 'tokens'
export const CONFIG = 'bridge.yaml'
export const PEOPLE = 'people'
/** Marks the keys of this command in LiteLLM's list. */
const MADE_BY = 'add-user'

export interface Person {
  name: string
  /** May use all of every tool, of those too that come later. */
  isForAll: boolean
  /** Models that the key opens; none: all. */
  models: readonly string[]
  /** An ISO date; undefined for one without a key of ours. */
  since: string | undefined
}

/** What is kept with a person's key at LiteLLM. */
export function metadataOf({ isForAll, since }: Pick<Person, 'isForAll' | 'since'>): object {
  return { made_by: MADE_BY, tools: isForAll ? 'all' : 'some', since: since ?? new Date().toISOString() }
}

/** All, sorted by name; also those who have tokens without a key. */
export async function readPeople(
  folder: Folder,
  gateway: Gateway,
  tools: readonly ToolNames[],
): Promise<Person[]> {
  const keys = (await gateway.storedKeys()).filter(({ metadata }) => metadata?.['made_by'] === MADE_BY)
  const byName = new Map(keys.map((key) => [key.key_alias ?? '', fromKey(key)]))
  const atBridges = tools.flatMap(({ service }) => namesOf(folder.read(PEOPLE, service, TOKENS)))
  for (const name of atBridges) {
    if (name !== GATEWAY && !byName.has(name))
      byName.set(name, { name, isForAll: false, models: [], since: undefined })
  }
  return [...byName.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

function fromKey({ key_alias, models, metadata, created_at }: StoredKey): Person {
  return {
    name: key_alias ?? '',
    isForAll: metadata?.['tools'] === 'all',
    models: models ?? [],
    since: metadata?.['since'] ?? created_at,
  }
}

/** What a person has at the bridge of a service: undefined without a token, else the globs that the token is held to. */
export function grantAt(folder: Folder, service: string, name: string): readonly string[] | undefined {
  if (!namesOf(folder.read(PEOPLE, service, TOKENS)).includes(name)) return undefined
  return filterOf(folder.read(PEOPLE, service, CONFIG), name)
}
