// plan: how much is measured.

export interface Plan {
  rounds: number
  /** No verdicts: what was measured shows only that it can be. */
  isSmoke: boolean
  /** By calls in flight. */
  calls: Readonly<Record<Level, number>>
  /** Before anything is counted: as many as V8 takes to have compiled, and to have settled its heap. */
  warmUpCalls: number
  /** Before each level. */
  settleCalls: number
  opens: number
  cycles: number
  sizes: readonly Size[]
  progress: { calls: number; events: number }
  idleSessions: readonly number[]
  /** How long the idle process is watched. */
  idleMs: number
  /** How long a process may settle before it is looked at: its warm child starts then. */
  settleMs: number
  startWithinMs: number
  /** Longest time for one group of measures of one contestant. */
  groupWithinMs: number
}

export const LEVELS = [1, 16, 64] as const
export type Level = (typeof LEVELS)[number]

/** Of a process that has answered one. */
export const FIRST_CALLS = 1000

export interface Size {
  name: '1KB' | '1MB' | '20MB'
  bytes: number
  calls: number
}

export const FULL: Plan = {
  rounds: 3,
  isSmoke: false,
  calls: { 1: 5000, 16: 12_000, 64: 12_000 },
  warmUpCalls: 12_000,
  settleCalls: 1000,
  opens: 20,
  cycles: 60,
  sizes: [
    { name: '1KB', bytes: 1e3, calls: 2000 },
    { name: '1MB', bytes: 1e6, calls: 30 },
    { name: '20MB', bytes: 20e6, calls: 3 },
  ],
  progress: { calls: 100, events: 100 },
  idleSessions: [100, 1000],
  idleMs: 6000,
  settleMs: 300,
  startWithinMs: 60_000,
  groupWithinMs: 180_000,
}

export const QUICK: Plan = {
  rounds: 1,
  isSmoke: true,
  calls: { 1: 300, 16: 400, 64: 400 },
  warmUpCalls: 50,
  settleCalls: 20,
  opens: 3,
  cycles: 4,
  sizes: [
    { name: '1KB', bytes: 1e3, calls: 50 },
    { name: '1MB', bytes: 1e6, calls: 2 },
  ],
  progress: { calls: 5, events: 50 },
  idleSessions: [5],
  idleMs: 200,
  settleMs: 50,
  startWithinMs: 20_000,
  groupWithinMs: 20_000,
}

/** A child each: more of them would measure the children. */
export const MOST_CHILDREN = 100
