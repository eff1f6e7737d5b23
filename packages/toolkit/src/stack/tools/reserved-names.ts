// tools/reserved-names: the names that the stack uses, in all its files and profiles; a tool that is added gets none of them.
import { parseComposeFile, type ParsedComposeFile } from '../compose-file.ts'
import type { Folder } from '../folder.ts'
import { composeFiles } from './env-file.ts'
import { LITELLM_CONFIG } from './litellm-config.ts'

export interface ReservedNames {
  /** By which a container is reached: services, their other names, and hosts that addresses in the settings name. */
  hosts: ReadonlySet<string>
  networks: ReadonlySet<string>
  volumes: ReadonlySet<string>
  /** Of `.env`, and those that a Compose file asks for. */
  variables: ReadonlySet<string>
}

/** More may run one day than does today: the proxy can be added, and Compose reads an override file without being told. */
const FILES = ['docker-compose.yml', 'docker-compose.override.yml', 'proxy/compose.yaml']

/** @param compose `docker compose --profile '*' config --format json`, which has included files too */
export function reservedNames(folder: Folder, compose: string): ReservedNames {
  const env = folder.read('.env')
  const texts = [...new Set([...FILES, ...composeFiles(env)])].map((file) => folder.read(...file.split('/')))
  const parts = [...texts, compose].map(parseComposeFile)
  const keysOf = (of: (part: ParsedComposeFile) => object | null | undefined) =>
    parts.flatMap((part) => Object.keys(of(part) ?? {}))
  const settings = [env, folder.read(...LITELLM_CONFIG)].join('\n')
  return {
    hosts: new Set([
      ...keysOf(({ services }) => services),
      ...parts.flatMap(({ services }) => Object.values(services ?? {}).flatMap(otherNames)),
      ...matches(settings, /:\/\/(?:[^\s/@]*@)?([\w.-]+)/g),
    ]),
    networks: new Set(keysOf(({ networks }) => networks)),
    volumes: new Set(keysOf(({ volumes }) => volumes)),
    variables: new Set([
      ...matches(env, /^([A-Za-z_]\w*)=/gm),
      ...texts.flatMap((text) => matches(text, /\$\{?([A-Za-z_]\w*)/g)),
    ]),
  }
}

type Service = NonNullable<ParsedComposeFile['services']>[string]

function otherNames(service: Service): string[] {
  const { container_name, hostname, networks = {} } = service ?? {}
  const aliases = Array.isArray(networks)
    ? []
    : Object.values(networks).flatMap((each) => each?.aliases ?? [])
  return [container_name, hostname, ...aliases].filter((name) => name !== undefined)
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name)
}
