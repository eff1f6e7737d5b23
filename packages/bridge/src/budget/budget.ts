// budget/budget: how much of each limit a principal has, and what is left for others.

/**
 * While several may come, nobody gets more of a limit than three times what is left of it then: the first may take three
 * quarters, the next three quarters of the rest. Who has nothing yet gets the last place.
 *
 * @see https://doi.org/10.1109/90.664262 for the same rule in the buffers of a switch
 */
const TIMES_WHAT_IS_LEFT = 3

/** One limit for all. */
export class Quota {
  readonly max: number
  /** Several principals may come. */
  isShared: boolean
  /** Nothing is given out for now, whatever is left. */
  isClosed = false
  /** Little is left: nothing large is begun. */
  isTight = false
  used = 0

  constructor(max: number, isShared: boolean) {
    this.max = max
    this.isShared = isShared
  }
}

/** What one principal has of it. To charge is to add a number: it costs the message path nothing. */
export class Part {
  readonly quota: Quota
  used = 0

  constructor(quota: Quota) {
    this.quota = quota
  }

  /** Charges so much, or nothing if that is too much: false. */
  take(amount: number): boolean {
    if (!this.has(amount)) return false
    this.add(amount)
    return true
  }

  has(amount: number): boolean {
    const { quota } = this
    const left = quota.max - quota.used - amount
    if (left < 0 || quota.isClosed) return false
    return !quota.isShared || this.used === 0 || this.used + amount <= left * TIMES_WHAT_IS_LEFT
  }

  /** Charges what is there anyway. */
  add(amount: number): void {
    this.used += amount
    this.quota.used += amount
  }

  /** Subtracts, since to add minus nothing makes a small integer a double, and every later sum a new object. */
  give(amount: number): void {
    this.used -= amount
    this.quota.used -= amount
  }

  /** Why so much is too much: of all together, or of this principal alone. */
  refusal(amount: number, what: string, option: string): string {
    const { used, max, isTight, isClosed } = this.quota
    if (isTight || isClosed)
      return `memory is short: ${used} of ${max} ${what} (${option}) are kept for clients`
    if (used + amount > max || !this.quota.isShared) return `${max} ${what} (${option}) are taken`
    return `${this.used} of ${max} ${what} (${option}) are yours; the rest is kept for others`
  }
}

/** A part of a limit that is itself within another: what is charged to it is charged there, too. */
class InnerPart extends Part {
  readonly #outer: Part

  constructor(quota: Quota, outer: Part) {
    super(quota)
    this.#outer = outer
  }

  override has(amount: number): boolean {
    return super.has(amount) && this.#outer.has(amount)
  }

  override add(amount: number): void {
    super.add(amount)
    this.#outer.add(amount)
  }

  override give(amount: number): void {
    super.give(amount)
    this.#outer.give(amount)
  }

  override refusal(amount: number, what: string, option: string): string {
    if (!super.has(amount)) return super.refusal(amount, what, option)
    return this.#outer.refusal(amount, what, option)
  }
}

/** What is charged to one principal. */
export interface Account {
  readonly name: string
  readonly sessions: Part
  readonly children: Part
  /** Requests that wait for a child. */
  readonly waiting: Part
  /** Bytes that are kept for it. */
  readonly bytes: Part
}

export interface Limits {
  sessions: number
  children: number
  waiting: number
  bytes: number
}

/** Everything that clients can make grow: a sum for each limit, and an account for each principal. */
export class Budget {
  readonly sessions: Quota
  readonly children: Quota
  readonly waiting: Quota
  readonly bytes: Quota
  readonly #accounts = new Map<string, Account>()

  constructor({ sessions, children, waiting, bytes }: Limits, isShared: boolean) {
    this.sessions = new Quota(sessions, isShared)
    this.children = new Quota(children, isShared)
    this.waiting = new Quota(waiting, isShared)
    this.bytes = new Quota(bytes, isShared)
  }

  set isShared(isShared: boolean) {
    for (const quota of [this.sessions, this.children, this.waiting, this.bytes]) quota.isShared = isShared
  }

  account(name: string): Account {
    const existing = this.#accounts.get(name)
    if (existing !== undefined) return existing
    const account = {
      name,
      sessions: new Part(this.sessions),
      children: new Part(this.children),
      waiting: new Part(this.waiting),
      bytes: new Part(this.bytes),
    }
    this.#accounts.set(name, account)
    return account
  }

  /** Forgets who has nothing any more: a machine that once called is not remembered for ever. */
  sweep(): void {
    for (const [name, account] of this.#accounts) if (isEmpty(account)) this.#accounts.delete(name)
  }
}

/** What one of several tools may have of sessions and children, within the limits of the whole. */
export class InnerBudget {
  readonly #sessions: Quota
  readonly #children: Quota
  /** By account of the whole: it is forgotten with that. */
  readonly #accounts = new WeakMap<Account, Account>()

  constructor({ sessions, children }: Pick<Limits, 'sessions' | 'children'>, isShared: boolean) {
    this.#sessions = new Quota(sessions, isShared)
    this.#children = new Quota(children, isShared)
  }

  set isShared(isShared: boolean) {
    this.#sessions.isShared = isShared
    this.#children.isShared = isShared
  }

  account(outer: Account): Account {
    const existing = this.#accounts.get(outer)
    if (existing !== undefined) return existing
    const account = {
      ...outer,
      sessions: new InnerPart(this.#sessions, outer.sessions),
      children: new InnerPart(this.#children, outer.children),
    }
    this.#accounts.set(outer, account)
    return account
  }
}

function isEmpty({ sessions, children, waiting, bytes }: Account): boolean {
  return sessions.used === 0 && children.used === 0 && waiting.used === 0 && bytes.used === 0
}

/** The bridge's own: nobody counts it. */
export const UNCHARGED = new Budget(
  { sessions: Infinity, children: Infinity, waiting: Infinity, bytes: Infinity },
  false,
).account('bridge')
