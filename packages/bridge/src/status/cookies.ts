// status/cookies: who has shown a token in the form of the status page: known by a cookie for an hour, or until the token goes.
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Caller } from '../access/caller.ts'
import { monotonicMs } from '../clock.ts'

interface Shown {
  caller: Caller
  until: number
}

const LIFE_MS = 60 * 60_000
/** Whoever has a token can have as many as he likes of these: the oldest of his goes. */
const OF_ONE = 8

/** A cookie is good for looking at the status and for nothing else; its value is random, and kept by its hash. */
export class StatusCookies {
  /** Cookies do not tell ports apart, so two bridges of a machine must not have one name. */
  readonly name = `mcp-bridge-status-${randomBytes(4).toString('hex')}`
  readonly #isInForce: (caller: Caller) => boolean
  readonly #shown = new Map<string, Shown>()

  constructor(isInForce: (caller: Caller) => boolean) {
    this.#isInForce = isInForce
  }

  /** @returns the header `Set-Cookie`. Without a path: it is sent to where the page was, wherever the bridge is mounted */
  give(caller: Caller): string {
    this.#sweep()
    const own = [...this.#shown].filter(([, shown]) => shown.caller.principal === caller.principal)
    for (const [key] of own.slice(0, Math.max(0, own.length - OF_ONE + 1))) this.#shown.delete(key)
    const value = randomBytes(16).toString('base64url')
    this.#shown.set(hashOf(value), { caller, until: monotonicMs() + LIFE_MS })
    return this.#header(value, LIFE_MS / 1000)
  }

  /** @returns the header `Set-Cookie` that takes it from the browser */
  takeBack(req: IncomingMessage): string {
    for (const value of this.#valuesIn(req)) this.#shown.delete(hashOf(value))
    return this.#header('', 0)
  }

  callerOf(req: IncomingMessage): Caller | undefined {
    for (const value of this.#valuesIn(req)) {
      const shown = this.#shown.get(hashOf(value))
      if (shown !== undefined && this.#isGood(shown)) return shown.caller
    }
    return undefined
  }

  #isGood({ caller, until }: Shown): boolean {
    return monotonicMs() < until && this.#isInForce(caller)
  }

  #sweep(): void {
    for (const [key, shown] of this.#shown) if (!this.#isGood(shown)) this.#shown.delete(key)
  }

  #header(value: string, seconds: number): string {
    return `${this.name}=${value}; Max-Age=${seconds}; HttpOnly; SameSite=Strict`
  }

  #valuesIn({ headers }: IncomingMessage): string[] {
    return (headers.cookie ?? '')
      .split(/; */)
      .map((pair) => pair.split('='))
      .flatMap(([name, value = '']) => (name === this.name && value !== '' ? [value] : []))
  }
}

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url')
}
