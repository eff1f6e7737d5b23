// exchange/waiting: what waits for the tool to be up is charged: places, and the bytes that are kept meanwhile.
import type { Account } from '../budget/budget.ts'
import { BridgeError } from '../errors.ts'

/**
 * @param size bytes of the request that waits
 * @throws BridgeError `child_backlogged`, `memory_limit_reached`
 */
export async function waiting<T>(
  { waiting: places, bytes }: Account,
  size: number,
  promise: Promise<T>,
): Promise<T> {
  promise.catch(() => {})
  if (!places.take(1)) {
    const text = places.refusal(1, 'places for waiting requests', 'of the bridge')
    throw new BridgeError('child_backlogged', text)
  }
  if (!bytes.take(size)) {
    places.give(1)
    throw new BridgeError('memory_limit_reached', bytes.refusal(size, 'bytes', '--max-memory'))
  }
  try {
    return await promise
  } finally {
    places.give(1)
    bytes.give(size)
  }
}
