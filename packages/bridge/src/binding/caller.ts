// binding/caller: what the gates found out about a request, carried to the binding.
import type { IncomingMessage } from 'node:http'
import type { Caller } from '../session/session.ts'

const callers = new WeakMap<IncomingMessage, Caller>()

export function setCaller(req: IncomingMessage, caller: Caller): void {
  callers.set(req, caller)
}

export function callerOf(req: IncomingMessage): Caller {
  return callers.get(req) ?? NOBODY
}

const NOBODY: Caller = { principal: 'anonymous', env: {} }
