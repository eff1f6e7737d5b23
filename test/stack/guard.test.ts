// A bridge that hangs: Docker would only call it unhealthy; its health check ends it, and it is started again.
import { eventually } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { compose, gateway, PATIENCE_MS, startedAt } from './stack.ts'

/** Stops what process 1 has started, for good: it answers nobody and hears no SIGTERM. */
const FREEZE = `
for status in /proc/[0-9]*/status; do
  pid=\${status#/proc/}
  if grep -q '^PPid:[^0-9]*1$' "$status"; then kill -STOP "\${pid%/status}"; fi
done`

test('a bridge that hangs is ended by its health check, and comes back', async () => {
  expect(await now()).toContain('UTC')
  const before = await startedAt('time')
  await compose('exec', '-T', 'time', 'sh', '-c', FREEZE)
  await eventually(async () => (await startedAt('time')) !== before, {
    what: 'the container to be started again',
    withinMs: PATIENCE_MS,
  })
  await compose('up', '-d', '--wait')
  expect(await now()).toContain('UTC')
})

function now(): Promise<string> {
  return gateway().call('time-get_current_time', { timezone: 'Etc/UTC' })
}
