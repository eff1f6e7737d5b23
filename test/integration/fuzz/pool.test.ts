// fuzz: a crowd on a pool, with equal ids and tokens, questions, cancellations, departures and crashes.
import { fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { crowd } from './crowd.ts'
import { bridged, nothingLeft } from '../bridges.ts'

nothingLeft()

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
const CALLS = 5500

// The seed is in the title, so that it is always printed.
test(
  `fuzz.pool: FUZZ_SEED=${SEED}: answers, events and questions arrive where they belong, and all arrive`,
  { timeout: 180_000 },
  async () => {
    const bridge = await bridged([
      '--children',
      'pool',
      '--max-children',
      '12',
      '--',
      ...fixture('asks-client'),
    ])
    const { wrong, calls, done, answered } = await crowd('pool', bridge.port, SEED, CALLS)
    expect(wrong).toEqual([])
    expect(calls).toBeGreaterThanOrEqual(CALLS)
    expect([...done.keys()].toSorted()).toEqual([
      'cancel',
      'crash',
      'echo',
      'elicit',
      'leave',
      'log',
      'progress',
      'sample',
    ])
    // The others could have been asked by what is left of a cancelled call in the same process: a tenth of all is cancelled.
    expect(answered).toBeGreaterThan(CALLS / 50)
  },
)
