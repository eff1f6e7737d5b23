// relay/task-tokens: progress tokens of tasks, whose progress goes on after the call that opened them was answered.
import type { Call, Peer } from './dispatch.ts'

const MAX_TOKENS = 1024
const TOKEN_BYTES = 256

interface TaskToken {
  readonly peer: Peer
  /** JSON text (latin1) of the client's own token. */
  readonly token: string
  /** Bytes charged for it. */
  readonly cost: number
}

export class TaskTokens {
  /** By the number that the child knows the call by, oldest first. */
  readonly #tokens = new Map<number, TaskToken>()

  /** Where there is no room for it the task has no progress. */
  keep({ number, progressToken: token }: Call, peer: Peer): void {
    if (token === undefined) return
    const cost = TOKEN_BYTES + token.length
    const [oldest] = this.#tokens.keys()
    if (this.#tokens.size >= MAX_TOKENS && oldest !== undefined) this.#delete(oldest)
    if (peer.account.bytes.take(cost)) this.#tokens.set(number, { peer, token, cost })
  }

  get(number: number): TaskToken | undefined {
    return this.#tokens.get(number)
  }

  /** The client has gone. */
  forget(peer: Peer): void {
    for (const [number, each] of this.#tokens) if (each.peer === peer) this.#delete(number)
  }

  clear(): void {
    for (const number of this.#tokens.keys()) this.#delete(number)
  }

  #delete(number: number): void {
    const token = this.#tokens.get(number)
    this.#tokens.delete(number)
    token?.peer.account.bytes.give(token.cost)
  }
}
