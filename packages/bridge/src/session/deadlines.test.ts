import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Deadlines } from './deadlines.ts'

/** Of those that keep the process alive. */
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('each is called once its time is over, in order, unless it ended early', async () => {
  const deadlines = new Deadlines(30)
  const called: string[] = []
  deadlines.begin(() => called.push('a'))
  const early = deadlines.begin(() => called.push('early'))
  await delay(15)
  deadlines.begin(() => called.push('b'))
  deadlines.end(early)
  deadlines.end(early)
  deadlines.end(undefined)
  expect(called).toEqual([])
  await expect.poll(() => called).toEqual(['a', 'b'])
})

test('a wait keeps no process alive', () => {
  const before = timers()
  const deadlines = new Deadlines(60_000)
  const deadline = deadlines.begin(() => {})
  expect(timers()).toBe(before)
  deadlines.end(deadline)
})
