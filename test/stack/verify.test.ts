// The stack as it comes up: everything verify asks is well, and it leaves no key behind.
import { expect, test } from 'vitest'
import { failures, gateway, verify } from './stack.ts'

test('verify passes, and has asked everything', async () => {
  const before = await keys()
  const verdict = await verify()
  expect(failures(verdict)).toEqual([])
  expect(verdict).toMatchObject({ code: 0, ok: true })
  const asked = new Set(verdict.findings.map(({ check }) => check))
  expect([...asked].toSorted()).toEqual([
    'call',
    'closed',
    'containers',
    'database',
    'discovery',
    'failure',
    'key',
    'litellm',
    'model',
    'outside',
  ])
  const tools = ['fetch', 'filesystem', 'memory', 'postgres-mcp', 'time']
  for (const way of ['/mcp/', 'REST'])
    for (const tool of tools)
      expect(verdict.findings.map(({ check, subject }) => `${check} ${subject}`)).toContain(
        `discovery ${tool} ${way}`,
      )
  expect(await keys()).toEqual(before)
})

async function keys(): Promise<unknown> {
  return (JSON.parse((await gateway().ask('GET', '/key/list?size=100')).text) as { keys: unknown }).keys
}
