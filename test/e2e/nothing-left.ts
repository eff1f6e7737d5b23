// e2e/nothing-left: how each file here ends: no process, no temporary folder.
import { cleanTemp, leftovers, stopAll } from '@mcp-bridge/testkit'
import type { afterAll, afterEach } from 'vitest'

/** Fails where something is left, having taken it away first, so that only the guilty test fails. */
export function nothingLeft(when: typeof afterAll | typeof afterEach, withinMs = 10_000): void {
  when(async () => {
    const left = await leftovers({ withinMs })
    await stopAll()
    cleanTemp()
    if (left.length > 0) throw new Error(`left behind:\n${left.map((each) => each.cmdline).join('\n')}`)
  })
}
