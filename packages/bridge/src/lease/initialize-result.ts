// lease/initialize-result: answers `initialize` from what the child answered to the bridge.
import { BridgeError } from '../errors.ts'
import { excerpt } from '../visible.ts'
import { exactContentOf, recordOf, textOf } from '../rpc/content.ts'
import { errorFor } from '../rpc/factory.ts'
import { Message } from '../rpc/message.ts'
import { isLegacyRevision, NEWEST_LEGACY_REVISION } from '../rpc/revisions.ts'
import type { Result } from '../relay/client.ts'

/** What a client says of itself. */
export interface InitializeParams {
  protocolVersion: string | undefined
  capabilities: Readonly<Record<string, unknown>>
}

export function initializeParamsOf(message: Message): InitializeParams {
  const { protocolVersion, capabilities } = recordOf(exactContentOf(message)['params'])
  return {
    protocolVersion: typeof protocolVersion === 'string' ? protocolVersion : undefined,
    capabilities: recordOf(capabilities),
  }
}

/**
 * The child's answer for one more client: in that client's revision, unless the child's own is older, and without what
 * cannot be offered where a child is shared.
 *
 * @param id JSON text of the request's id, latin1
 */
export function initializeResult(
  id: string,
  { protocolVersion }: Pick<InitializeParams, 'protocolVersion'>,
  init: Result,
  withoutSubscribe: boolean,
): Message {
  const childs = textOf(init['protocolVersion'], NEWEST_LEGACY_REVISION)
  const { tasks: _tasks, ...all } = recordOf(init['capabilities'])
  const { subscribe: _subscribe, ...resources } = recordOf(all['resources'])
  const isCut = withoutSubscribe && all['resources'] !== undefined
  const result = {
    ...init,
    protocolVersion:
      protocolVersion !== undefined && isLegacyRevision(protocolVersion) && protocolVersion < childs
        ? protocolVersion
        : childs,
    capabilities: isCut ? { ...all, resources } : all,
  }
  const message = Message.from({ jsonrpc: '2.0', id: 0, result })
  return message.rewrite([[message.envelope.id, id]])
}

/** Refuses what is not offered where a child is shared, as a server without it would. */
export function notOffered(id: string, method: string): Message {
  return errorFor(id, new BridgeError('method_not_offered', `${excerpt(method)} is not offered here`))
}
