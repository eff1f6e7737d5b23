// relay/interceptors/tool-lists: what those have in common who cut the list of tools, and refuse calls of what they cut.
import { BridgeError } from '../../errors.ts'
import type { Members } from '../../rpc/content.ts'
import { folded } from '../../rpc/envelope-keys.ts'
import { Message } from '../../rpc/message.ts'
import { excerpt } from '../../visible.ts'
import { fail } from '../call.ts'
import type { Call, ResponseHandler } from '../dispatch.ts'

export function tooLarge(bytes: number): BridgeError {
  const text = `the list of tools is ${bytes} bytes long: too large to be looked into`
  return new BridgeError('frame_too_large', text)
}

/** As servers answer a call of a tool that they do not have. */
export function refuseUnknown(call: Call, handler: ResponseHandler, name: string): void {
  fail(call, handler, new BridgeError('tool_unknown', `Unknown tool: ${excerpt(name)}`))
}

/** A page with these tools alone: to a reader that folds case `Tools` are some, too. */
export function withTools(page: Members, tools: readonly unknown[]): Members {
  const others = Object.entries(page).filter(([key]) => folded(key) !== 'tools')
  return { ...Object.fromEntries(others), tools }
}

/** Whether all readers find the same tools on it. */
export function isBeyondDoubt(page: Members): boolean {
  return (
    Array.isArray(page['tools']) &&
    Object.keys(page).every((key) => key === 'tools' || folded(key) !== 'tools')
  )
}

export function responseTo({ id }: Call, value: object): Message {
  const message = Message.from({ ...value, id: 0 })
  return message.rewrite([[message.envelope.id, id]])
}
