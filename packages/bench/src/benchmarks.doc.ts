// benchmarks.doc: writes docs/BENCHMARKS.md from the results that are kept; run by `pnpm run generate`.
import { readFileSync, writeFileSync } from 'node:fs'
import { benchmarksOf } from './report/benchmarks.ts'
import type { Results } from './results.ts'

const results = JSON.parse(
  readFileSync(new URL('../results/results.json', import.meta.url), 'utf8'),
) as Results

writeFileSync(new URL('../../../docs/BENCHMARKS.md', import.meta.url), benchmarksOf(results))
