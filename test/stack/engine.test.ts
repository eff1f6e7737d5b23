// The Docker engine is restarted under the running stack. Only one of our own is: see vitest.stack.config.ts.
import { eventually } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { engine } from './engine.ts'
import { becomesWell, compose, failures, PATIENCE_MS } from './stack.ts'

test('after a restart of the engine the stack comes back by itself', async () => {
  const before = await running()
  await engine('stop')
  await engine('start')
  await eventually(async () => (await running()) === before, {
    what: 'the same containers to run again',
    withinMs: PATIENCE_MS,
  })
  expect(failures(await becomesWell())).toEqual([])
})

async function running(): Promise<string> {
  return (await compose('ps', '--quiet')).split('\n').toSorted().join('\n')
}
