// fuzz: 16 clients on both wires do whatever comes to their minds; every message must belong to its question.
import { Agent } from 'node:http'
import { eventually, fixture, isAlive } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { DEEDS, type DeedName } from './deeds.ts'
import { Life, type Wire } from './life.ts'
import { Random } from './random.ts'
import { bridged, nothingLeft } from '../bridges.ts'

nothingLeft()

const CLIENTS = 16
const CALLS = 10_500
/** Under way at once in each session. */
const AT_ONCE = 3
const TIMEOUT_MS = 240_000
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)

/** How often each is done, of 1000. */
const WEIGHTS: Record<DeedName, number> = {
  ...{ echo: 497, progress: 180, sample: 90, elicit: 50, log: 80 },
  ...{ cut: 60, cancel: 35, crash: 5, vanish: 3 },
}

// The seed is in the title, so that it is always printed: FUZZ_SEED=… repeats what each client does.
test(
  `fuzz.routing: FUZZ_SEED=${SEED}: every message finds its question`,
  { timeout: TIMEOUT_MS },
  async () => {
    const bridge = await bridged(['--', ...fixture('asks-client')])
    const done: Partial<Record<DeedName, number>> = {}
    const wrong: string[] = []
    let calls = 0

    const isEnough = (): boolean => calls >= CALLS || wrong.length > 0

    const live = async (life: Life, random: Random): Promise<void> => {
      while (!life.isOver && life.wrong.length === 0 && !isEnough()) {
        const name = random.pick(WEIGHTS)
        const n = ++calls
        done[name] = (done[name] ?? 0) + 1
        await DEEDS[name]({ life, random, n, id: life.newId(random.below(2) === 0) })
      }
    }

    const clients = Array.from({ length: CLIENTS }, async (_, i) => {
      const wire: Wire = i % 2 === 0 ? 'streamable' : 'sse'
      const agent = new Agent({ keepAlive: true })
      for (let lives = 0; !isEnough(); lives++) {
        const name = `client ${i} (${wire}), life ${lives}`
        // Two crashes in a row hold the next start back.
        const life = await eventually(() => Life.open(name, wire, bridge.port, agent), {
          what: `${name} to begin`,
        })
        const hands = Array.from({ length: AT_ONCE }, (__, hand) =>
          live(life, new Random(SEED + i * 1000 + lives * 10 + hand)),
        )
        await Promise.all(hands)
        await life.close()
        wrong.push(...life.wrong)
      }
      agent.destroy()
    })
    await Promise.all(clients)

    expect(wrong).toEqual([])
    expect(calls).toBeGreaterThanOrEqual(10_000)
    for (const name of Object.keys(WEIGHTS)) expect(done).toHaveProperty(name)
    await eventually(
      () => {
        const opened = bridge.logs.filter(({ msg }) => msg === 'session opened')
        const closed = bridge.logs.filter(({ msg }) => msg === 'session closed')
        const ids = new Set(closed.map(({ sessionId }) => sessionId))
        expect(opened.filter(({ sessionId }) => !ids.has(sessionId))).toEqual([])
        expect(opened.map(({ childPid }) => Number(childPid)).filter(isAlive)).toEqual([])
        return true
      },
      { what: 'all sessions and their children to be gone' },
    )
  },
)
