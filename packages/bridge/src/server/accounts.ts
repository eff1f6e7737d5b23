// server/accounts: what this bridge has to give, and whose account each caller's part is charged to.
import type { Tokens } from '../access/tokens.ts'
import { Budget, type Account } from '../budget/budget.ts'
import { defaultMaxMemory } from '../budget/memory.ts'
import type { Config } from '../config/config.ts'
import { isLoopback } from '../config/loopback.ts'
import { QUEUE_PER_CHILD } from '../lease/pool-queue.ts'
import { MAX_WAITING } from '../lease/shared-child.ts'

export class Accounts {
  readonly budget: Budget
  readonly #tokens: Tokens
  readonly #isLocal: boolean

  constructor(config: Config, tokens: Tokens) {
    this.#tokens = tokens
    this.#isLocal = isLoopback(config.host)
    this.budget = new Budget(
      {
        sessions: config.maxSessions,
        children: config.maxChildren,
        waiting: config.children === 'pool' ? QUEUE_PER_CHILD * config.maxChildren : MAX_WAITING,
        bytes: config.maxMemoryBytes ?? defaultMaxMemory(),
      },
      this.isForSeveral,
    )
  }

  /** More than one principal may come. */
  get isForSeveral(): boolean {
    return this.#tokens.areNeeded ? this.#tokens.names.size > 1 : !this.#isLocal
  }

  /** Without tokens each machine of the network is charged for itself; behind a reverse proxy they are one. */
  of(principal: string, address = ''): Account {
    const isMachine = !this.#tokens.areNeeded && !this.#isLocal
    return this.budget.account(isMachine ? address : principal)
  }

  /** Other tokens are in force. */
  tokensReplaced(): void {
    this.budget.isShared = this.isForSeveral
  }
}
