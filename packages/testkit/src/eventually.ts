// eventually: waits for a condition, never for a length of time.
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'

export interface EventuallyOptions {
  /** What is waited for; the error says it. */
  what: string
  withinMs?: number
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>

const POLL_MS = 20

/**
 * Asks every 20 ms until the answer is truthy, and returns it. A condition that throws is asked again: write
 * `() => { expect(…); return true }`.
 *
 * @throws Error with `what` and the last answer, or with the last error as its cause
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  options: EventuallyOptions,
): Promise<Truthy<T>> {
  const withinMs = options.withinMs ?? 20_000
  const deadline = performance.now() + withinMs
  let last: { value: unknown } | { error: unknown }
  do {
    try {
      const value = await condition()
      if (value) return value as Truthy<T>
      last = { value }
    } catch (error) {
      last = { error }
    }
    await delay(POLL_MS)
  } while (performance.now() < deadline)
  const message = `not within ${withinMs} ms: ${options.what}`
  if ('value' in last) throw new Error(`${message}; last: ${inspect(last.value, { depth: 4 })}`)
  const text = last.error instanceof Error ? last.error.message : inspect(last.error)
  throw new Error(`${message}; last: ${text}`, { cause: last.error })
}
