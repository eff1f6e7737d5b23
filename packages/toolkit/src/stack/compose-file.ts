// stack/compose-file: one Compose file of the stack as it is written, before Compose merges it with the others.
import { parseDocument } from 'yaml'

export interface ParsedComposeFile {
  services?: Record<string, ParsedService | null> | null
  networks?: object | null
  volumes?: object | null
}

interface ParsedService {
  image?: string
  environment?: Record<string, unknown> | string[] | null
  container_name?: string
  hostname?: string
  networks?: Record<string, { aliases?: string[] } | null> | string[]
}

/** Empty for a text that is no Compose file: a command that failed says so in its place. */
export function parseComposeFile(text: string): ParsedComposeFile {
  const document = parseDocument(text, { merge: true, logLevel: 'silent' })
  if (document.errors.length > 0) return {}
  const read: unknown = document.toJS({ maxAliasCount: -1 })
  return typeof read === 'object' && read !== null ? read : {}
}

/** The variables of `.env` that a service must have, by the name that it knows them by: `NAME: ${VARIABLE:?…}`. */
export function requiredVariables(file: ParsedComposeFile, service: string): Map<string, string> {
  const environment = file.services?.[service]?.environment ?? {}
  return new Map(
    Object.entries(environment).flatMap(([name, value]): [string, string][] => {
      const variable = /^\$\{([A-Z_][A-Z0-9_]*):\?/.exec(String(value))?.[1]
      return variable === undefined ? [] : [[name, variable]]
    }),
  )
}
