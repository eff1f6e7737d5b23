// rpc/initialize-params: what a client says of itself in `initialize`.
import { excerpt } from '../visible.ts'
import { exactContentOf, recordOf, textOf, type Members } from './content.ts'
import type { Message } from './message.ts'
import { isLegacyRevision } from './revisions.ts'

export interface InitializeParams {
  /** A revision that we know; undefined for any other. */
  protocolVersion: string | undefined
  /** What it can be asked, as JSON. */
  capabilities: Members
  /** Who it says it is. */
  clientInfo: Members
}

/** A name and a version. */
export interface ClientName {
  name: string
  version: string
}

export function initializeParamsOf(message: Message): InitializeParams {
  const { protocolVersion, capabilities, clientInfo } = recordOf(exactContentOf(message)['params'])
  return {
    protocolVersion:
      typeof protocolVersion === 'string' && isLegacyRevision(protocolVersion) ? protocolVersion : undefined,
    capabilities: recordOf(capabilities),
    clientInfo: recordOf(clientInfo),
  }
}

const NAME_LENGTH = 100

/** Who it says it is, as much of it as fits a line; undefined for one that does not say. */
export function clientOf({ clientInfo }: Pick<InitializeParams, 'clientInfo'>): ClientName | undefined {
  const name = excerpt(textOf(clientInfo['name'], ''), NAME_LENGTH)
  const version = excerpt(textOf(clientInfo['version'], ''), NAME_LENGTH)
  return name === '' ? undefined : { name, version }
}
