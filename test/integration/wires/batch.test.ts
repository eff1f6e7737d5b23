// batch: arrays of messages exist in 2025-03-26 only; no child ever sees one.
import { fixture, StreamableClient } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf, WIRES } from '../clients.ts'
import { heardBy, VERBATIM } from './heard.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('echo')])
const verbatim = useBridge(['--', ...VERBATIM])
const batches = useBridge(['--', ...fixture('batches')])

const OLD = { protocolVersion: '2025-03-26' }
const call = (id: unknown, name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
})
const NOTIFICATION = { jsonrpc: '2.0', method: 'notifications/own', params: { n: 1 } }

test('batch.answered: every request gets its answer, in one array or on one stream that ends behind the last', async () => {
  const client = await openStreamable(bridge, OLD)
  const quick = await client.post([
    call(1, 'echo', { text: 'a' }),
    NOTIFICATION,
    call('1', 'echo', { text: 'b' }),
  ])
  const slow = await client.post([call(2, 'sleep', { ms: 700 }), call(3, 'echo', { text: 'c' })])
  for (const [reply, ids] of [
    [quick, [1, '1']],
    [slow, [2, 3]],
  ] as const) {
    expect(reply.status).toBe(200)
    const isStream = reply.headers['content-type'] === 'text/event-stream'
    const answers = isStream
      ? [...reply.body.matchAll(/^data: (.+)$/gm)].map(([, data = '']) => JSON.parse(data))
      : reply.json()
    expect(answers).toHaveLength(2)
    for (const id of ids)
      expect(answers).toContainEqual(expect.objectContaining({ id, result: expect.anything() }))
  }
  expect(slow.headers['content-type']).toBe('text/event-stream')
})

test('batch.answered: a batch of one is answered with an array where the answer is JSON', async () => {
  const client = await openStreamable(bridge, { ...OLD, headers: { accept: 'application/json' } })
  expect((await client.post([call(1, 'echo', { text: 'a' })])).json()).toMatchObject([{ id: 1, result: {} }])
})

test('batch.accepted: notifications and responses alone get 202', async () => {
  const client = await openStreamable(bridge, OLD)
  for (const batch of [[NOTIFICATION, NOTIFICATION], [{ jsonrpc: '2.0', id: 9, result: {} }]]) {
    const reply = await client.post(batch)
    expect([reply.status, reply.body]).toEqual([202, ''])
  }
})

test.each(WIRES)(
  'batch.unpacked: the child gets each message on a line of its own, %s',
  async (_name, open) => {
    const client = await open(verbatim, OLD)
    const text =
      '[ {"jsonrpc":"2.0","method":"notifications/a","params":{"n":1.0}} ,\n{"method":"notifications/b","jsonrpc":"2.0"}]'
    expect((await client.post(text)).status).toBe(202)
    const heard = await heardBy(client)
    expect(heard).toContain('{"jsonrpc":"2.0","method":"notifications/a","params":{"n":1.0}}')
    expect(heard).toContain('{"method":"notifications/b","jsonrpc":"2.0"}')
    client.close()
  },
)

describe('batch.refused', () => {
  test.each(['2025-06-18', '2025-11-25'])(
    'batch.refused: 400 in %s on both wires, and nothing of it is done',
    async (protocolVersion) => {
      for (const [, open] of WIRES) {
        const client = await open(verbatim, { protocolVersion })
        refusal(await client.post([NOTIFICATION, call(1, 'heard')]), 400, 'request_invalid')
        refusal(await client.post([NOTIFICATION]), 400, 'request_invalid')
        expect((await heardBy(client)).filter((line) => line.includes('notifications/own'))).toEqual([])
        client.close()
      }
    },
  )

  test('batch.refused: what the child negotiated counts, not what the client asked for', async () => {
    const clientInfo = { name: 'answer 2025-03-26', version: '1' }
    const client = await openStreamable(verbatim, { protocolVersion: '2025-11-25', clientInfo })
    expect((await client.post([NOTIFICATION])).status).toBe(202)
  })

  test('batch.refused: initialize must not be in one', async () => {
    const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { ...OLD, capabilities: {} } }
    const client = new StreamableClient(bridge)
    for (const batch of [[initialize], [initialize, NOTIFICATION]]) {
      const reply = await client.post(batch)
      refusal(reply, 400, 'request_invalid')
      expect(reply.headers['mcp-session-id']).toBeUndefined()
    }
  })

  test('batch.refused: an empty one, and one that holds anything but messages', async () => {
    const client = await openStreamable(bridge, OLD)
    for (const body of ['[]', '[1]', '[[]]', '[null]', `[${JSON.stringify(NOTIFICATION)},{}]`]) {
      expect(refusal(await client.post(body), 400, 'request_invalid').code).toBe(-32600)
    }
    expect(textOf(await client.call('echo', { text: 'alive' }))).toBe('alive')
  })
})

test('batch.child: an array the child writes is taken apart, each answer for its own call', async () => {
  for (const client of [await openStreamable(batches, OLD), await openSse(batches)]) {
    const [one, other] = await Promise.all([
      client.call('batch', { text: 'one' }, { id: 'one' }),
      client.call('batch', { text: 'other' }, { id: 'other' }),
    ])
    expect([textOf(one), textOf(other)]).toEqual(['one', 'other'])
    client.close()
  }
})
