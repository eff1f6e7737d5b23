// session/idle: whether a session is still in use; a frozen client leaks nothing, a quiet one is not cut.
import type { Timings } from '../timings.ts'
import type { Session } from './session.ts'

export type IdleVerdict = 'keep' | 'ping' | 'close'

/**
 * A session without a request for `idleMs` and without a stream is over: 99 of 100 clients never say DELETE. One whose
 * only sign of life is an open stream is asked: the socket of a frozen client stays open for ever.
 */
export function idleVerdict(
  session: Pick<
    Session,
    'isNew' | 'openedAt' | 'inFlight' | 'lastRequestAt' | 'pingedAt' | 'hasOpenStream' | 'stalledSince'
  >,
  now: number,
  { idleMs, timings }: { idleMs: number; timings: Pick<Timings, 'pongMs' | 'newMs'> },
): IdleVerdict {
  // It holds a place, and nobody has said what for.
  if (session.isNew && now - session.openedAt >= timings.newMs) return 'close'
  if (session.pingedAt !== undefined) return now - session.pingedAt < timings.pongMs ? 'keep' : 'close'
  // A client that takes nothing of what its call brings is as frozen as one that does not answer.
  if (session.stalledSince !== undefined && now - session.stalledSince >= idleMs) return 'close'
  if (session.inFlight > 0 || now - session.lastRequestAt < idleMs) return 'keep'
  return session.hasOpenStream ? 'ping' : 'close'
}
