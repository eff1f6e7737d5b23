// The stack with Prometheus: a call of each tool is counted there, by nobody else's token, and the rules are those of observe/.
import { eventually } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compose, failures, PATIENCE_MS, place, setting, sh, tried } from './stack.ts'

interface Target {
  labels: { instance?: string; job?: string }
  health: string
  lastError: string
}

const ON = { COMPOSE_PROFILES: 'db,tools,prometheus' }

beforeAll(() => sh(['docker', 'compose', 'up', '-d', '--wait', 'prometheus'], ON))
afterAll(async () => {
  await compose('--profile', '*', 'rm', '--stop', '--force', '--volumes', 'prometheus')
  await tried(['docker', 'volume', 'rm', `${place.env['COMPOSE_PROJECT_NAME']}_prometheus`])
})

test('verify says of each tool that Prometheus has counted its calls', async () => {
  const { code, stdout } = await tried(['./verify', '--json', '--only', 'time'], ON)
  const { findings } = JSON.parse(stdout) as Parameters<typeof failures>[0]
  expect(findings.filter(({ check }) => check === 'metrics')).toEqual([
    { check: 'metrics', subject: 'time', isOk: true, detail: expect.stringMatching(/^\d+ calls counted$/) },
  ])
  expect(code).toBe(0)
})

test('it asks every bridge of the profiles that are on, and has the rules', async () => {
  const targets = await eventually(
    async () => {
      const { activeTargets } = (await ask('targets?state=active')) as { activeTargets: Target[] }
      // Each has its turn within 15 seconds.
      return activeTargets.every(({ health }) => health !== 'unknown') && activeTargets
    },
    { what: 'every bridge to be asked', withinMs: PATIENCE_MS },
  )
  const seen = targets.map(({ labels, health, lastError }) => ({ ...labels, health, lastError }))
  expect(seen.toSorted((one, other) => (String(one.instance) < String(other.instance) ? -1 : 1))).toEqual(
    ['fetch', 'filesystem', 'memory', 'postgres-mcp', 'time'].map((instance) => ({
      instance,
      job: 'mcp-bridge',
      health: 'up',
      lastError: '',
    })),
  )
  const { groups } = (await ask('rules')) as { groups: { name: string; rules: unknown[] }[] }
  expect(groups.map(({ name }) => name)).toEqual(['mcp-bridge'])
  // Nobody reads the tokens out of it.
  expect(JSON.stringify(await ask('status/config'))).not.toContain(setting('TIME_TOKEN'))
})

/** Prometheus itself: no other container than ours reaches it. */
async function ask(path: string): Promise<unknown> {
  const url = `http://127.0.0.1:9090/api/v1/${path}`
  return (
    JSON.parse(
      await sh(['docker', 'compose', 'exec', '-T', 'prometheus', 'wget', '-q', '-O', '-', url], ON),
    ) as { data: unknown }
  ).data
}
