import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { cleanEnv, cleanTemp, leftovers, tempDir } from '@mcp-bridge/testkit'
import type { Results } from './results.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

afterEach(cleanTemp)

test('a quick run yields a table, a chart and the numbers, and leaves no process', async () => {
  const out = tempDir()
  const args = [MAIN, '--quick', '--only', 'stdio,floor,ours-shared', '--out', out]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env: cleanEnv(), encoding: 'utf8' })
  expect({ status, stderr }).toMatchObject({ status: 0 })

  const { contestants, failures } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Results
  expect(failures).toEqual([])
  expect(contestants.map(({ name }) => name)).toEqual(['stdio', 'floor', 'ours-shared'])
  const [direct, ...bridges] = contestants
  expect(Object.keys(direct?.metrics ?? {})).toContain('p50At1')
  expect(Object.keys(direct?.metrics ?? {})).not.toContain('cpu1')
  for (const { metrics } of bridges) {
    const { cpuFirst, cpu1, cpu16, rate64, p99At16, open, cycle, wall1MB, start } = metrics
    for (const spread of [cpuFirst, cpu1, cpu16, rate64, p99At16, open, cycle, wall1MB, start]) {
      expect(spread?.median).toBeGreaterThan(0)
    }
    // It may be below nothing on a busy machine.
    expect(metrics.added1?.median).not.toBeNaN()
  }
  expect(bridges[1]?.metrics.progressShare?.median).toBe(100)

  const table = readFileSync(join(out, 'results.md'), 'utf8')
  expect(stdout).toBe(table)
  expect(table).toMatch(/\| CPU per call, 1 in flight, µs \| – \| [\d.,]+ \| [\d.,]+ \|/)
  expect(table).toMatch(/\| CPU per call, 16 in flight \| ours-shared \| floor \| [\d.]+× \| ≤ 1\.15× \|/)
  expect(readFileSync(join(out, 'results.svg'), 'utf8')).toMatch(/^<svg [\s\S]+<rect [\s\S]+<\/svg>\n$/)
  expect(await leftovers({ mark: 'MCP_BRIDGE_BENCH=' })).toEqual([])
})
