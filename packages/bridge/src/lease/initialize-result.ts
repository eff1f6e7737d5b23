// lease/initialize-result: answers `initialize` from what the child answered to the bridge.
import type { Call } from '../relay/dispatch.ts'
import { recordOf, textOf, type Members } from '../rpc/content.ts'
import { Message } from '../rpc/message.ts'
import { NEWEST_LEGACY_REVISION } from '../rpc/revisions.ts'

/**
 * The child's answer for one more client: in that client's revision, unless the child's own is older, and without what
 * cannot be offered where a child is shared.
 *
 * @param revision what the client asked for, if that is known
 * @param result what the child answered
 */
export function initializeResult(
  { id }: Call,
  revision: string | undefined,
  result: Members,
  { withoutSubscribe }: { withoutSubscribe: boolean },
): Message {
  const childs = textOf(result['protocolVersion'], NEWEST_LEGACY_REVISION)
  const { tasks: _tasks, ...all } = recordOf(result['capabilities'])
  const { subscribe: _subscribe, ...resources } = recordOf(all['resources'])
  const isCut = withoutSubscribe && all['resources'] !== undefined
  const message = Message.from({
    jsonrpc: '2.0',
    id: 0,
    result: {
      ...result,
      protocolVersion: revision !== undefined && revision < childs ? revision : childs,
      capabilities: isCut ? { ...all, resources } : all,
    },
  })
  return message.rewrite([[message.envelope.id, id]])
}
