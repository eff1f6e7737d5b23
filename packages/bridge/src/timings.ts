// timings: the long waits of a bridge, in one object, so that what happens at their end can be tried in milliseconds.

/** All in milliseconds. */
export interface Timings {
  /** How long a client may leave a stream full while others of its session wait. */
  stallMs: number
  /** How long a request of the child waits for a stream that can carry it. */
  holdMs: number
  /**
   * A call whose client is gone and cannot resume goes on this long: "disconnection SHOULD NOT be interpreted as the
   * client cancelling its request" (2025-11-25, basic/transports).
   */
  detachedMs: number
  /** How long events are kept for a client that comes back, and a call goes on without it. */
  replayMs: number
  /** How long a client may take to answer the ping that asks whether it is there. */
  pongMs: number
  /** How long a session may be open without having been initialised. */
  newMs: number
  /** How long a request waits for a free child of the pool. */
  queueMs: number
  /** How long a child of the pool may take to end, or to be asked about, a call that nobody waits for any more. */
  stuckMs: number
  /**
   * How long a cancelled call counts as in flight after the child has answered a ping sent behind the cancellation: a
   * handler that ignores the cancellation may still ask its client something.
   */
  afterCancelMs: number
  /** The same for a child that does not answer the ping. */
  cancelledMs: number
  /** How often the files that may change are looked at: tokens, servers, their variables. */
  filePollMs: number
  /** From the change of such a file until it is read: whoever writes it anew may empty it first. */
  fileSettleMs: number
  /** How long the tokens of a file stay in force once it cannot be read: whoever puts another in its place may remove it first. */
  tokenGraceMs: number
  /** How long calls wait for their answers once one was lost that may have been any of theirs. */
  lostMs: number
  /** How long a call waits for its modern client to come back with what it was asked. */
  parkMs: number
  /** How long a modern client that asks what the tool is waits for it to be up. */
  discoverMs: number
  /** What a shared child says to nobody in particular is not passed on so soon after a call of another principal. */
  afterCallMs: number
}

export const TIMINGS: Readonly<Timings> = {
  stallMs: 30_000,
  holdMs: 10_000,
  detachedMs: 30_000,
  replayMs: 5 * 60_000,
  pongMs: 10_000,
  newMs: 30_000,
  queueMs: 30_000,
  stuckMs: 10_000,
  afterCancelMs: 60_000,
  cancelledMs: 10 * 60_000,
  filePollMs: 1000,
  fileSettleMs: 200,
  tokenGraceMs: 10_000,
  lostMs: 30_000,
  parkMs: 10 * 60_000,
  discoverMs: 4000,
  afterCallMs: 5000,
}
