// rpc/initialize-params: what a client says of itself in `initialize`.
import { exactContentOf, recordOf, type Members } from './content.ts'
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

export function initializeParamsOf(message: Message): InitializeParams {
  const { protocolVersion, capabilities, clientInfo } = recordOf(exactContentOf(message)['params'])
  return {
    protocolVersion:
      typeof protocolVersion === 'string' && isLegacyRevision(protocolVersion) ? protocolVersion : undefined,
    capabilities: recordOf(capabilities),
    clientInfo: recordOf(clientInfo),
  }
}
