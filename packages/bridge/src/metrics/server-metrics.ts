// metrics/server-metrics: what is counted of one server of a bridge, from its events.
import {
  CHANNELS,
  listen,
  type CallEvent,
  type ChildEvent,
  type SessionEvent,
  type Source,
} from '../telemetry/events.ts'
import { CallSums, type Offered } from './call-sums.ts'
import { DurationHistogram } from './histogram.ts'
import { revisionLabel } from './labels.ts'

/** Sessions on one wire that speak one revision. */
export interface SessionSum {
  readonly wire: SessionEvent['wire']
  readonly revision: string
  open: number
  /** Of those that are over. */
  readonly durations: DurationHistogram
  /** How long `initialize` took. Without a session there is none. */
  readonly openings: DurationHistogram
}

/** One server: its numbers stay when it is replaced by another of its name. */
export class ServerMetrics {
  readonly calls: CallSums
  /** Processes started; those that ended by themselves, and were replaced; and those that were ended, by what it took. */
  starts = 0
  crashes = 0
  restarts = 0
  readonly stops = new Map<string, number>()
  readonly #sessions = new Map<string, SessionSum>()
  #offered: () => Offered | undefined = () => undefined

  constructor(server: string) {
    this.calls = new CallSums(server, () => this.#offered())
  }

  get sessions(): Iterable<SessionSum> {
    return this.#sessions.values()
  }

  /**
   * Counts the events of this source until the returned function is called.
   *
   * @param offered what its child has said of itself
   */
  follow(source: Source, offered: () => Offered | undefined): () => void {
    this.#offered = offered
    const subscriptions = [
      listen(CHANNELS.call, source, (event: CallEvent) => this.calls.add(event)),
      listen(CHANNELS.session, source, (event: SessionEvent) => this.#session(event)),
      listen(CHANNELS.child, source, (event: ChildEvent) => this.#child(event)),
    ]
    return () => {
      for (const unsubscribe of subscriptions) unsubscribe()
    }
  }

  #session({ type, wire, revision, durationMs, wasOpen }: SessionEvent): void {
    if (!wasOpen) return
    const sum = this.#sessionSum(wire, revisionLabel(revision))
    if (type === 'opened') {
      sum.open++
      if (wire !== 'stateless') sum.openings.add(durationMs)
      return
    }
    sum.open--
    sum.durations.add(durationMs)
  }

  #sessionSum(wire: SessionEvent['wire'], revision: string): SessionSum {
    const key = `${wire} ${revision}`
    let sum = this.#sessions.get(key)
    if (sum === undefined) {
      const [durations, openings] = [new DurationHistogram(), new DurationHistogram()]
      sum = { wire, revision, open: 0, durations, openings }
      this.#sessions.set(key, sum)
    }
    return sum
  }

  #child({ type, step = 'exited' }: ChildEvent): void {
    if (type === 'started') {
      this.starts++
      if (this.restarts < this.crashes) this.restarts++
    } else if (type === 'exited') this.crashes++
    else this.stops.set(step, (this.stops.get(step) ?? 0) + 1)
  }
}
