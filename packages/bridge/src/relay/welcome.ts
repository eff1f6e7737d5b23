// relay/welcome: answers `initialize` from what the child answered to the bridge.
import { BridgeError } from '../errors.ts'
import { excerpt } from '../foreign.ts'
import { errorFor } from '../message/make.ts'
import { Message } from '../message/message.ts'
import { isLegacyRevision } from '../message/revisions.ts'
import type { Result } from './housekeeper.ts'

/** What a client says of itself. */
export interface Introduction {
  protocolVersion: string | undefined
  capabilities: Readonly<Record<string, unknown>>
}

export function introductionOf(message: Message): Introduction {
  const { params } = message.json() as { params?: { protocolVersion?: unknown; capabilities?: unknown } }
  const { protocolVersion, capabilities } = params ?? {}
  return {
    protocolVersion: typeof protocolVersion === 'string' ? protocolVersion : undefined,
    capabilities:
      typeof capabilities === 'object' && capabilities !== null
        ? (capabilities as Record<string, unknown>)
        : {},
  }
}

/**
 * The child's answer for one more client: in that client's revision, unless the child's own is older, and without what
 * cannot be offered where a child is shared.
 *
 * @param id JSON text of the request's id, latin1
 */
export function welcome(
  id: string,
  { protocolVersion }: Introduction,
  init: Result,
  withoutSubscribe: boolean,
): Message {
  const childs = String(init['protocolVersion'])
  const { tasks: _tasks, ...capabilities } = {
    ...(init['capabilities'] as Record<string, unknown> | undefined),
  }
  if (withoutSubscribe && typeof capabilities['resources'] === 'object') {
    const { subscribe: _subscribe, ...resources } = capabilities['resources'] as Record<string, unknown>
    capabilities['resources'] = resources
  }
  const result = {
    ...init,
    protocolVersion:
      protocolVersion !== undefined && isLegacyRevision(protocolVersion) && protocolVersion < childs
        ? protocolVersion
        : childs,
    capabilities,
  }
  const message = Message.from({ jsonrpc: '2.0', id: 0, result })
  return message.rewrite([[message.envelope.id, id]])
}

/** Refuses what is not offered where a child is shared, as a server without it would. */
export function notOffered(id: string, method: string): Message {
  return errorFor(id, new BridgeError('method_not_offered', `${excerpt(method)} is not offered here`))
}
