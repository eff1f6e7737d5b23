// fuzz/crowd-deeds: what the clients of a crowd do, how often, and what is known of it in the end.

export type Mode = 'shared' | 'pool'
export type Deed = 'echo' | 'progress' | 'sample' | 'elicit' | 'log' | 'cancel' | 'crash' | 'alone' | 'leave'

/** Of 1000. A process of a pool that obeys a cancellation never answers, and is held for 10 s: there are few of those. */
export const WEIGHTS: Record<Mode, Record<Deed, number>> = {
  shared: {
    echo: 530,
    progress: 240,
    sample: 60,
    elicit: 60,
    log: 60,
    cancel: 26,
    crash: 3,
    alone: 3,
    leave: 18,
  },
  pool: {
    echo: 530,
    progress: 240,
    sample: 70,
    elicit: 70,
    log: 60,
    cancel: 6,
    crash: 6,
    alone: 0,
    leave: 18,
  },
}
/** When a call that ends the process was sent and answered, by this clock. */
export interface Crash {
  from: number
  to: number
}

export interface Crowd {
  readonly wrong: string[]
  readonly done: Map<Deed, number>
  readonly crashes: Crash[]
  calls: number
  /** Questions that were answered, and those that were refused because they could have been of several. */
  answered: number
  refused: number
}
