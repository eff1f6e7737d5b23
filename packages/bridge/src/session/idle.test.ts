import { expect, test } from 'vitest'
import { idleVerdict, type IdleVerdict } from './idle.ts'

const LIMITS = { idleMs: 1000, timings: { pongMs: 100, newMs: 300 } }
const NOW = 50_000

type Session = Parameters<typeof idleVerdict>[0]

/** Initialised and long unused, unless said otherwise. */
const unused: Session = {
  isNew: false,
  openedAt: 0,
  inFlight: 0,
  lastRequestAt: 0,
  pingedAt: undefined,
  hasOpenStream: false,
  stalledSince: undefined,
}

test.each<[what: string, session: Partial<Session>, verdict: IdleVerdict]>([
  ['nobody uses it', {}, 'close'],
  ['it was used just now', { lastRequestAt: NOW - 999 }, 'keep'],
  ['it was used as long ago as it may', { lastRequestAt: NOW - 1000 }, 'close'],
  ['a call is under way', { inFlight: 1 }, 'keep'],
  ['all that is left is a stream', { hasOpenStream: true }, 'ping'],
  ['a stream is open, and it was used just now', { hasOpenStream: true, lastRequestAt: NOW - 1 }, 'keep'],
  ['a ping may still be answered', { hasOpenStream: true, pingedAt: NOW - 99 }, 'keep'],
  ['a ping was not answered', { hasOpenStream: true, pingedAt: NOW - 100 }, 'close'],
  ['a ping was not answered, call or no call', { inFlight: 1, pingedAt: NOW - 100 }, 'close'],
  [
    'a reader takes nothing, though its call is under way',
    { inFlight: 1, stalledSince: NOW - 1000 },
    'close',
  ],
  ['a reader has paused for a while', { inFlight: 1, stalledSince: NOW - 999 }, 'keep'],
  ['it is new', { isNew: true, openedAt: NOW - 299, lastRequestAt: NOW - 299 }, 'keep'],
  ['it was opened and never initialised', { isNew: true, openedAt: NOW - 300, lastRequestAt: NOW }, 'close'],
  ['the same with a stream', { isNew: true, openedAt: NOW - 300, hasOpenStream: true }, 'close'],
])('%s', (_what, session, verdict) => {
  expect(idleVerdict({ ...unused, ...session }, NOW, LIMITS)).toBe(verdict)
})
