// fuzz: clients that send thousands of ambiguous messages to children that read them otherwise than the bridge; nobody is
// answered, asked, cancelled or told of progress by another, and no filter is passed.
import { fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { nothingLeft } from '../integration/bridges.ts'
import { survive } from '../integration/hostile/siege.ts'

nothingLeft()

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
const READERS = ['last', 'first', 'fold', 'ignores-null']

// The seed is in the title, so that it is always printed.
test.each(['session', 'shared', 'pool'])(
  `fuzz.hostile: %s: FUZZ_SEED=${SEED}: nothing is forged, and no filter is passed`,
  { timeout: 180_000 },
  async (mode) => {
    let tries = 0
    for (const [n, reader] of READERS.entries())
      tries += await survive(mode, fixture('reads-oddly', '--reader', reader), SEED + n * 10)
    expect(tries * 3).toBeGreaterThan(10_000)
  },
)
