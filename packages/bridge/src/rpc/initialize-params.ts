// rpc/initialize-params: what a client says of itself in `initialize`.
import { exactContentOf, recordOf, type Members } from './content.ts'
import type { Message } from './message.ts'

export interface InitializeParams {
  protocolVersion: string | undefined
  capabilities: Members
}

export function initializeParamsOf(message: Message): InitializeParams {
  const { protocolVersion, capabilities } = recordOf(exactContentOf(message)['params'])
  return {
    protocolVersion: typeof protocolVersion === 'string' ? protocolVersion : undefined,
    capabilities: recordOf(capabilities),
  }
}
