// parked: a server changes while a client of 2026-07-28 is asked something: its answer reaches the tool that asked.
import { eventually, fixture, isAlive, ModernClient, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeft } from '../bridges.ts'
import { textOf } from '../clients.ts'

nothingLeft()

const command = fixture('asks-client')

async function answer(client: ModernClient, { result }: RpcResponse): Promise<RpcResponse> {
  const { inputRequests, requestState } = result
  const said = { action: 'accept', content: { name: 'Ada' } }
  const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, said]))
  const params = { name: 'elicit', arguments: {}, inputResponses, requestState }
  return (await client.request('tools/call', params)).response
}

test('parked.changed: the answer reaches the tool that asked; at another server it is worth nothing', async () => {
  const servers = { a: { command }, b: { command } }
  const bridge = await embedded({ servers })
  const [a, b] = ['a', 'b'].map(
    (name) =>
      new ModernClient({ port: bridge.port, path: `/${name}/mcp`, capabilities: { elicitation: {} } }),
  ) as [ModernClient, ModernClient]
  const pid = Number(textOf(await a.call('pid')))
  const asked = await a.call('elicit')
  expect(asked.result.resultType).toBe('input_required')
  bridge.reload({ servers: { ...servers, a: { command, env: { WHO: 'new' } } } })
  expect(Number(textOf(await a.call('pid')))).not.toBe(pid)
  expect((await answer(b, asked)).error?.data.code).toBe('request_state_invalid')
  expect((await answer(a, asked)).result.content[0].text).toContain('Ada')
  await eventually(() => !isAlive(pid), { what: 'the end of the former tool' })
  expect((await answer(a, asked)).error?.data.code).toBe('request_state_invalid')
})
