// fuzz: a crowd on one shared child, with equal ids and tokens, questions, cancellations, departures and crashes.
import { fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { crowd } from './crowd.ts'

nothingLeft()

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
const CALLS = 5500

// The seed is in the title, so that it is always printed.
test(
  `fuzz.shared: FUZZ_SEED=${SEED}: answers, events and questions arrive where they belong, and all arrive`,
  { timeout: 180_000 },
  async () => {
    const bridge = await bridged(['--children', 'shared', '--', ...fixture('asks-client')])
    const { wrong, calls, done, crashes, answered, refused } = await crowd('shared', bridge.port, SEED, CALLS)
    expect(wrong).toEqual([])
    expect(calls).toBeGreaterThanOrEqual(CALLS)
    expect([...done.keys()].toSorted()).toEqual([
      'alone',
      'cancel',
      'crash',
      'echo',
      'elicit',
      'leave',
      'log',
      'progress',
      'sample',
    ])
    // Each time somebody was alone both questions were answered; in the crowd most cannot be told apart.
    expect(answered).toBeGreaterThan(1)
    expect(refused).toBeGreaterThan(0)
    expect(bridge.childPids.length).toBeLessThanOrEqual(1 + crashes.length)
  },
)
