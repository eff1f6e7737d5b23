// tool/failures: the last failures of a tool's processes, each with the end of its stderr, and whose it was.
import { monotonicMs, wallClock } from '../clock.ts'
import type { Disclosure } from '../lease/disclosure.ts'
import { TOOL, type Owner } from '../lease/owner.ts'
import { toBridgeError, type BridgeError, type ErrorCode } from '../errors.ts'
import { withoutColours } from '../visible.ts'

/** Without what anybody gave to the process: masked before it is kept. */
export interface Failure {
  /** In milliseconds since 1970. */
  at: number
  owner: Pick<Owner, 'key' | 'principal'>
  code: ErrorCode
  message: string
  hint: string | undefined
  /** Of the process, the lines that complain and the last. */
  stderr: string[]
}

/** Of each owner so many: nobody's crashes push those of others out. */
const OF_ONE = 5
const OF_ALL = 20
const MAX_LINE = 500
const MAX_TEXT = 2000

export class Failures {
  readonly #disclosure: Disclosure
  /** Oldest first. */
  readonly #kept: Failure[] = []
  /** One failure is told by its process, by who waited for it and by the probe, each in words of its own. */
  readonly #seen = new WeakMap<Error, Failure>()

  constructor(disclosure: Disclosure) {
    this.#disclosure = disclosure
  }

  add(owner: Owner, thrown: unknown): void {
    const error = toBridgeError(thrown)
    if (error.code === 'shutting_down' || error.code === 'child_backing_off') return
    const chain = [...causesOf(error)]
    const known = chain.map((each) => this.#seen.get(each)).find((each) => each !== undefined)
    const failure = this.#failure(owner, error)
    if (known === undefined) this.#keep(failure)
    else known.hint ??= failure.hint
    for (const each of chain) this.#seen.set(each, known ?? failure)
  }

  /** Newest first. */
  get all(): Failure[] {
    return this.#kept.toReversed()
  }

  #failure(owner: Owner, error: BridgeError): Failure {
    const { code, message, hint, data } = this.#disclosure.toOperator(owner, error)
    const stderr = Array.isArray(data?.['stderr']) ? data['stderr'].map(String) : []
    return {
      at: wallClock(monotonicMs()),
      owner: { key: owner.key, principal: owner.principal },
      code,
      message: message.slice(0, MAX_TEXT),
      hint: hint?.slice(0, MAX_TEXT),
      stderr: stderr.map((line) => withoutColours(line).slice(0, MAX_LINE)),
    }
  }

  #keep(failure: Failure): void {
    const { key } = failure.owner
    const own = this.#kept.filter((each) => each.owner.key === key)
    if (own.length >= OF_ONE) this.#drop(own[0])
    // Those of the tool itself are everybody's, and at most a few.
    if (this.#kept.length >= OF_ALL) this.#drop(this.#kept.find((each) => each.owner.key !== TOOL.key))
    this.#kept.push(failure)
  }

  #drop(failure: Failure | undefined): void {
    if (failure !== undefined) this.#kept.splice(this.#kept.indexOf(failure), 1)
  }
}

function* causesOf(error: Error): Generator<Error> {
  for (let each: unknown = error; each instanceof Error; each = each.cause) yield each
}
