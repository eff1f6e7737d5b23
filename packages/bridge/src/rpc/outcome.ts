// rpc/outcome: how a call ended, as its response tells it.
import { ERRORS } from '../errors.ts'
import { contentOf, recordOf } from './content.ts'
import type { Message } from './message.ts'

const IS_ERROR = Buffer.from('"isError"')
const CAPITAL_E = 0x45
const FIRST_OF_TRUE = 0x74

/** The code of its JSON-RPC error; undefined without an error, and for one whose code is no number. */
export function errorCodeOf(message: Message): number | undefined {
  if (message.failure !== undefined) return ERRORS[message.failure].rpc
  if (message.envelope.hasResult) return undefined
  const { code } = recordOf(contentOf(message)['error'])
  return typeof code === 'number' ? code : undefined
}

/** The tool says that it has failed: a result with `isError`. Most results do not even mention it, and are not looked into. */
export function isToolError(message: Message): boolean {
  if (!message.envelope.hasResult || !message.holds(IS_ERROR, CAPITAL_E)) return false
  return message.resultMembers.some(({ key, first }) => key === 'isError' && first === FIRST_OF_TRUE)
}
