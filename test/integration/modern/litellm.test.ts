// --compat litellm for a LiteLLM of 2026-07-28: whatever goes wrong with a call of a tool is a result.
import { eventually, fixture, ModernClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { textOf } from '../clients.ts'

nothingLeftAfterEach()
const compat = ['litellm' as const]
const FAILED = { isError: true, resultType: 'complete' }

test.each([
  ['an older tool', fixture('echo')],
  ['a tool of 2026-07-28', fixture('speaks-modern', 'only')],
])('features.litellm: %s: a crash, a limit and a place that is not there', async (_, command) => {
  const bridge = await embedded({ command, compat, maxCalls: 1, maxSessions: 1 }, {})
  const client = new ModernClient(bridge)
  expect((await client.call('crash')).result).toMatchObject(FAILED)
  const leave = new AbortController()
  const long = client.open(
    'tools/call',
    { name: 'sleep', arguments: { ms: 60_000 } },
    { signal: leave.signal },
  )
  const refused = await eventually(
    async () => {
      const { status, response } = await client.request(
        'tools/call',
        { name: 'pid', arguments: {} },
        { id: 'x' },
      )
      return response.result?.isError === true ? { status, response } : undefined
    },
    { what: 'the limit' },
  )
  expect(refused).toMatchObject({ status: 200, response: { id: 'x', result: FAILED } })
  expect(textOf(refused.response)).toContain('--max-calls')
  // What is no call of a tool is refused as ever.
  const read = await client.request('resources/read', { uri: 'fixture://page' })
  expect([read.status, read.response.error?.data.code]).toEqual([404, 'quota_exceeded'])
  leave.abort()
  await expect(long).rejects.toThrow('aborted')
})

test('features.litellm: a tool that does not start', async () => {
  const bridge = await embedded({ command: fixture('dies-at-start'), compat }, {})
  const client = new ModernClient(bridge)
  const called = await client.request('tools/call', { name: 'any', arguments: {} }, { id: 'x' })
  expect(called).toMatchObject({ status: 200, response: { id: 'x', result: FAILED } })
  const listed = await client.request('tools/list')
  expect(listed.response.result).toMatchObject({ tools: [], resultType: 'complete' })
})
