// transport/caller: what the gates found out about a request, carried to the binding.
import type { IncomingMessage } from 'node:http'
import { UNCHARGED } from '../budget/budget.ts'
import { ANONYMOUS } from '../access/principals.ts'
import type { Caller } from '../session/line.ts'

/** On the request itself: entries of a WeakMap, one for each request, would cost the garbage collector more. */
const CALLER = Symbol('caller')

export function setCaller(req: IncomingMessage & { [CALLER]?: Caller }, caller: Caller): void {
  req[CALLER] = caller
}

export function callerOf(req: IncomingMessage & { [CALLER]?: Caller }): Caller {
  return req[CALLER] ?? NOBODY
}

const NOBODY: Caller = { principal: ANONYMOUS, tokenHash: undefined, env: {}, account: UNCHARGED }
