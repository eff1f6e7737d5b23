// The page of the kept results: a column for each contestant of a wire, failures and missed targets said.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Results } from '../results.ts'
import { benchmarksOf } from './benchmarks.ts'

const kept = JSON.parse(
  readFileSync(new URL('../../results/results.json', import.meta.url), 'utf8'),
) as Results
const of = (value: number) => ({ median: value, min: value, max: value, samples: [value] })

test('each contestant of the kept results is on the page, with the machine and the day', () => {
  const text = benchmarksOf(kept)
  for (const { label } of kept.contestants) expect(text).toContain(`| ${label} |`)
  expect(text).toContain(kept.date)
  expect(text).toContain(`Node ${kept.machine.node.slice(1)}`)
})

test('what failed, what there is nothing of, and what misses its target are told apart', () => {
  const text = benchmarksOf({
    ...kept,
    plan: { ...kept.plan, rounds: 1 },
    contestants: [
      { name: 'floor', label: 'floor', wire: 'streamable', metrics: { cpu1: of(10), cpu20MB: of(5) } },
      { name: 'ours-shared', label: 'ours', wire: 'streamable', metrics: { cpu1: of(20) } },
      { name: 'other', label: 'other', wire: 'streamable', metrics: { cpu1: of(90) } },
    ],
    failures: [{ contestant: 'other', round: 1, group: '20MB', reason: 'no result' }],
  })
  expect(text).toContain('| CPU per 20 MB result, ms | 5.00 | – | fails |')
  expect(text).toContain('| CPU per call, 1 in flight | ours-shared | floor | 2.00× | ≤ 1.15× |')
})

test('a smoke run makes no page', () => {
  expect(() => benchmarksOf({ ...kept, plan: { ...kept.plan, isSmoke: true } })).toThrow(
    'run "pnpm bench" in full',
  )
})
