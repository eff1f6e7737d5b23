import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../telemetry/logger.ts'
import { Child } from '../child/child.ts'
import { Warm } from './warm.ts'

const COMMAND = { command: ['sleep', '1000'], cwd: undefined, env: {}, mark: 'warm-test', maxLineBytes: 1024 }

/** Standbys that are real processes; `started` are all so far. */
function standbys(wanted: number, pauseMs: number) {
  const started: Child[] = []
  const start = async (): Promise<Child> => {
    const child = await Child.start(COMMAND, silentLogger())
    started.push(child)
    return child
  }
  const warm = new Warm(wanted, start, silentLogger(), pauseMs)
  onTestFinished(() => warm.close(100))
  const until = async (count: number): Promise<Child> => {
    while (started.length < count) await sleep(5)
    return started[count - 1]!
  }
  return { warm, started, until }
}

async function kill(child: Child): Promise<void> {
  process.kill(child.pid, 'SIGKILL')
  await child.ended
}

test('two that die unused pause the standbys, and after the pause one is tried again', async () => {
  const { warm, started, until } = standbys(1, 300)
  warm.fill()
  await kill(await until(1))
  const second = await until(2)
  const from = performance.now()
  await kill(second)
  warm.fill()
  expect(await warm.next()).toBeUndefined()
  expect(started).toHaveLength(2)
  await until(3)
  expect(performance.now() - from).toBeGreaterThanOrEqual(290)
})

test('one more death doubles the pause, a use ends the count', async () => {
  const { warm, until } = standbys(1, 200)
  warm.fill()
  for (let n = 1; n <= 2; n++) await kill(await until(n))
  const third = await until(3)
  const from = performance.now()
  await kill(third)
  const fourth = await until(4)
  expect(performance.now() - from).toBeGreaterThanOrEqual(390)
  expect(await warm.next()).toBe(fourth)
  await kill(fourth)
  warm.fill()
  await kill(await until(5))
  // The first death since: replaced at once.
  await until(6)
})

test('of standbys that are waited for and die, none is handed out', async () => {
  const { warm, until } = standbys(2, 60_000)
  warm.fill()
  const [first, second] = [await until(1), await until(2)]
  await new Promise(setImmediate)
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  expect(await warm.next()).toBe(second)
  await second.stop(100)
})
