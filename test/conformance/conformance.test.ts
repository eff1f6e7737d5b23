// The official conformance suites against the bridge, with a tool that offers what they ask for.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fixture, startBridge, tempDir } from '@mcp-bridge/testkit'
import { afterEach, expect, test } from 'vitest'
import { outcomeOf } from '../e2e/command.ts'
import { nothingLeft } from '../e2e/nothing-left.ts'

interface Check {
  id: string
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
}

interface Scenario {
  name: string
  passed: number
  failed: number
}

/**
 * It asks how a server closes the stream of a call and lets the client poll for the rest (SEP-1699). The bridge
 * answers a quick call in JSON, to which the suite says "not applicable" and checks nothing.
 */
const NOT_APPLICABLE = 'server-sse-polling'

nothingLeft(afterEach)

test('conformance 0.1.16 --suite all: 32 of 32', { timeout: 180_000 }, async () => {
  const { output, scenarios, checks } = await conform('0.1.16', ['--suite', 'all'])

  expect(scenarios).toHaveLength(32)
  expect(withoutSuccess(scenarios)).toEqual([NOT_APPLICABLE])
  expectAllPassed(output, scenarios, checks, 43)
})

test('conformance 0.2.0-alpha.12 --spec-version 2025-06-18: 27 of 27', { timeout: 180_000 }, async () => {
  const { output, scenarios, checks } = await conform('0.2.0-alpha.12', ['--spec-version', '2025-06-18'])

  expect(scenarios).toHaveLength(27)
  expect(withoutSuccess(scenarios)).toEqual([])
  expectAllPassed(output, scenarios, checks, 56)
})

test('conformance 0.2.0-alpha.12 --requirements 2025-11-25: 30 of 30', { timeout: 180_000 }, async () => {
  const { output, scenarios, checks } = await conform('0.2.0-alpha.12', ['--requirements', '2025-11-25'])

  // Three more run that the revision did not ask for at its release.
  const [, notScored = ''] = output.split('\nNot scored for 2025-11-25: 3 scenario(s) run, 0 failing.')
  const unscored = [...notScored.matchAll(/^ {2}✓ (\S+) \(/gm)].map(([, name = '']) => name)
  expect(unscored.toSorted()).toEqual(['json-schema-2020-12', 'server-session-lifecycle', NOT_APPLICABLE])
  expect(scenarios.filter(({ name }) => !unscored.includes(name))).toHaveLength(30)
  expect(withoutSuccess(scenarios)).toEqual([NOT_APPLICABLE])
  expectAllPassed(output, scenarios, checks, 80)
})

/**
 * What no bridge can pass in front of a tool that knows only what came before: `user_name` stands nowhere on its wire,
 * and a tool that is told exactly what its client takes refuses by itself what the suite wants refused with -32021.
 */
const NOT_BEFORE = ['server-stateless', 'input-required-result-basic-elicitation']
const FAILING_CHECKS = [
  'sep-2322-elicitation-incomplete',
  'sep-2322-ignore-unexpected-params',
  'sep-2575-missing-capability-http-400',
  'sep-2575-server-rejects-undeclared-capability',
]

test('conformance 0.2.0-alpha.12 --requirements 2026-07-28: 35 of 37', { timeout: 180_000 }, async () => {
  const { counted, failed } = await conformModern(fixture('conformance-server'), 1)
  expect(counted.filter((scenario) => scenario.failed > 0).map(({ name }) => name)).toEqual(NOT_BEFORE)
  expect(failed).toEqual(FAILING_CHECKS)
})

test.each(['dual', 'only'])(
  'conformance 0.2.0-alpha.12 --requirements 2026-07-28, a tool that speaks it (%s): 37 of 37',
  { timeout: 180_000 },
  async (kind) => {
    const { counted, failed } = await conformModern(fixture('speaks-modern', kind), 0)
    expect(counted.filter((scenario) => scenario.failed > 0)).toEqual([])
    expect(failed).toEqual([])
  },
)

test(
  'conformance 0.2.0-alpha.12 --requirements 2025-11-25, a tool that knows only 2026-07-28: 30 of 30',
  { timeout: 180_000 },
  async () => {
    const args = ['--requirements', '2025-11-25']
    const { output, scenarios, checks } = await conform('0.2.0-alpha.12', args, {
      tool: fixture('speaks-modern', 'only'),
    })
    expect(withoutSuccess(scenarios)).toEqual([NOT_APPLICABLE])
    expectAllPassed(output, scenarios, checks, 80)
  },
)

/** The scenarios of 2026-07-28 that a tool without extensions can be asked, and the ids of the checks that do not pass. */
async function conformModern(
  tool: readonly string[],
  exitCode: number,
): Promise<{ counted: Scenario[]; failed: string[] }> {
  const args = ['--requirements', '2026-07-28']
  const { output, scenarios, checks } = await conform('0.2.0-alpha.12', args, { tool, exitCode })
  const [, notScored = ''] = output.split('\nNot scored for 2026-07-28: ')
  const unscored = [...notScored.matchAll(/^ {2}[✓✗] (\S+) \(/gm)].map(([, name = '']) => name)
  const tasks = new Set(unscored.filter((name) => name.startsWith('tasks-')))
  expect(unscored.filter((name) => !tasks.has(name)).toSorted()).toEqual([
    'http-custom-header-server-validation',
    'http-header-validation',
    'json-schema-2020-12',
  ])
  const counted = scenarios.filter(({ name }) => !tasks.has(name))
  expect(counted).toHaveLength(40)
  expect(withoutSuccess(counted)).toEqual([])
  const failed = [...checks].flatMap(([scenario, each]) =>
    tasks.has(scenario) ? [] : each.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO'),
  )
  return { counted, failed: failed.map(({ id }) => id).toSorted() }
}

/** Runs a suite; gives its summary, and the checks of each scenario from the folder it wrote. */
async function conform(
  version: string,
  args: readonly string[],
  {
    tool = fixture('conformance-server'),
    exitCode = 0,
  }: { tool?: readonly string[]; exitCode?: number } = {},
) {
  // The suite gives a new client of 2026-07-28 600 ms for its first answer, in which a busy machine starts no process.
  const bridge = await startBridge(['--warm', '4', '--', ...tool])
  const results = tempDir()
  const command = [...suite(version), 'server', '--url', bridge.url('/mcp'), ...args, '-o', results]
  // It ends with 1 when a check has failed.
  const { code, stdout: output, stderr } = await outcomeOf(command, { cwd: results, withinMs: 150_000 })
  expect(code, `${output}${stderr}`).toBe(exitCode)
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  return { output, scenarios: summaryOf(output), checks: checksOf(results) }
}

/** Each scenario that the summary names has its checks on disk, none of them failed, and the sum is as expected. */
function expectAllPassed(
  output: string,
  scenarios: readonly Scenario[],
  checks: ReadonlyMap<string, readonly Check[]>,
  total: number,
): void {
  expect(scenarios.filter(({ failed }) => failed > 0)).toEqual([])
  expect(output).toMatch(new RegExp(`^Total: ${total} passed, 0 failed$`, 'm'))
  expect([...checks.keys()].toSorted()).toEqual(scenarios.map(({ name }) => name).toSorted())
  const all = [...checks].flatMap(([scenario, each]) =>
    each.map(({ id, status }) => ({ scenario, id, status })),
  )
  expect(all.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO')).toEqual([])
  expect(all.filter(({ status }) => status === 'SUCCESS')).toHaveLength(total)
}

/** The command of that version, and only of that: the counts in the titles are its own. */
function suite(version: string): string[] {
  const folder = fileURLToPath(
    new URL(`../node_modules/conformance-${version.slice(0, 3)}/`, import.meta.url),
  )
  const installed = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  expect(installed.version).toBe(version)
  return [process.execPath, join(folder, 'dist/index.js')]
}

function summaryOf(output: string): Scenario[] {
  const [, summary = ''] = output.split('=== SUMMARY ===')
  const lines = summary.matchAll(/^[✓✗] (\S+): (\d+) passed, (\d+) failed/gm)
  return [...lines].map(([, name = '', passed, failed]) => ({
    name,
    passed: Number(passed),
    failed: Number(failed),
  }))
}

function withoutSuccess(scenarios: readonly Scenario[]): string[] {
  return scenarios.filter(({ passed }) => passed === 0).map(({ name }) => name)
}

/** By scenario: its folder is named `server-SCENARIO-TIME`. */
function checksOf(results: string): Map<string, Check[]> {
  const folders = readdirSync(results)
  return new Map(
    folders.map((folder) => {
      const name = folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
      return [name, JSON.parse(readFileSync(join(results, folder, 'checks.json'), 'utf8')) as Check[]]
    }),
  )
}
