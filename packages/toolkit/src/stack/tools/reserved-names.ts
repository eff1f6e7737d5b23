// tools/reserved-names: the names that the stack uses, in all its files and profiles: a tool that is added gets none of them.
import { parseDocument } from 'yaml'
import type { Folder } from '../folder.ts'
import { composeFiles } from './env-file.ts'

export interface ReservedNames {
  /** By which a container is reached: services, their other names, and hosts that addresses in the settings name. */
  hosts: ReadonlySet<string>
  networks: ReadonlySet<string>
  volumes: ReadonlySet<string>
  /** Of `.env`, and those that a compose file asks for. */
  variables: ReadonlySet<string>
}

interface ComposeFile {
  services?: Record<string, Service | null> | null
  networks?: object | null
  volumes?: object | null
}

interface Service {
  container_name?: string
  hostname?: string
  networks?: Record<string, { aliases?: string[] } | null> | string[]
}

/** What may run is more than what does: the proxy may come, an override is read without being named. */
const FILES = ['docker-compose.yml', 'docker-compose.override.yml', 'proxy/compose.yaml']

/** @param compose `docker compose --profile '*' config --format json`: what files that these include say, too */
export function reservedNames(folder: Folder, compose: string): ReservedNames {
  const env = folder.read('.env')
  const texts = [...new Set([...FILES, ...composeFiles(env)])].map((file) => folder.read(...file.split('/')))
  const parts = [...texts, compose.slice(Math.max(compose.indexOf('{'), 0))].map(partOf)
  const named = (of: (part: ComposeFile) => object | null | undefined) =>
    parts.flatMap((part) => Object.keys(of(part) ?? {}))
  const settings = [env, folder.read('config', 'litellm.yaml')].join('\n')
  return {
    hosts: new Set([
      ...named(({ services }) => services),
      ...parts.flatMap(({ services }) => Object.values(services ?? {}).flatMap(otherNames)),
      ...matches(settings, /:\/\/(?:[^\s/@]*@)?([\w.-]+)/g),
    ]),
    networks: new Set(named(({ networks }) => networks)),
    volumes: new Set(named(({ volumes }) => volumes)),
    variables: new Set([
      ...matches(env, /^([A-Za-z_]\w*)=/gm),
      ...texts.flatMap((text) => matches(text, /\$\{?([A-Za-z_]\w*)/g)),
    ]),
  }
}

function otherNames(service: Service | null): string[] {
  const { container_name, hostname, networks = {} } = service ?? {}
  const aliases = Array.isArray(networks)
    ? []
    : Object.values(networks).flatMap((each) => each?.aliases ?? [])
  return [container_name, hostname, ...aliases].filter((name) => name !== undefined)
}

/** Nothing of a text that is no compose file: a command that failed says so in its place. */
function partOf(text: string): ComposeFile {
  const document = parseDocument(text, { merge: true, logLevel: 'silent' })
  if (document.errors.length > 0) return {}
  const read: unknown = document.toJS({ maxAliasCount: -1 })
  return typeof read === 'object' && read !== null ? read : {}
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name)
}
