// relay/welcome: answers `initialize` from what the child answered to the bridge.
import { BridgeError } from '../errors.ts'
import { excerpt } from '../foreign.ts'
import { exactContentOf, recordOf, textOf } from '../message/content.ts'
import { errorFor } from '../message/make.ts'
import { Message } from '../message/message.ts'
import { isLegacyRevision, NEWEST_LEGACY_REVISION } from '../message/revisions.ts'
import type { Result } from './housekeeper.ts'

/** What a client says of itself. */
export interface Introduction {
  protocolVersion: string | undefined
  capabilities: Readonly<Record<string, unknown>>
}

export function introductionOf(message: Message): Introduction {
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
export function welcome(
  id: string,
  { protocolVersion }: Pick<Introduction, 'protocolVersion'>,
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
