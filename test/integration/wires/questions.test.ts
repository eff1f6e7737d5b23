// questions: what a child asks its client reaches that client, and nobody else.
import { eventually, fixture, type RpcId, type RpcMessage } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, textOf, WIRES, type Client } from '../clients.ts'
import { heardBy, VERBATIM } from './heard.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('asks-client')])
const verbatim = useBridge(['--', ...VERBATIM])

const capabilities = { sampling: {}, elicitation: {}, roots: {} }
const asked = (client: Client) => client.received.map((each) => 'method' in each && each.method)

const TOOLS = [
  [
    'sample',
    'sampling/createMessage',
    { role: 'assistant', content: { type: 'text', text: 'hi' }, model: 'm' },
  ],
  ['elicit', 'elicitation/create', { action: 'accept', content: { name: 'Ada' } }],
  ['roots', 'roots/list', { roots: [{ uri: 'file:///a', name: 'a' }] }],
  ['pingClient', 'ping', {}],
] as const

describe.each(WIRES)('question.owner over %s', (_name, open) => {
  test.each(TOOLS)(
    'question.owner: %s asks only the client whose call it is',
    async (tool, method, result) => {
      const [client, twin] = await Promise.all([
        open(bridge, { capabilities }),
        open(bridge, { capabilities }),
      ])
      const bystanders = await Promise.all([
        openStreamable(bridge, { capabilities }),
        openSse(bridge, { capabilities }),
      ])
      await bystanders[0].listen()
      client.onRequest = () => result
      twin.onRequest = () => ({ ...result, of: 'the twin' })
      const [one, other] = await Promise.all([client.call(tool), twin.call(tool)])
      expect(JSON.parse(textOf(one) ?? '')).toEqual(result)
      expect(JSON.parse(textOf(other) ?? '')).toEqual({ ...result, of: 'the twin' })
      expect([asked(client), asked(twin)]).toEqual([[method], [method]])
      for (const bystander of bystanders) {
        await bystander.call('echo')
        expect(bystander.received).toEqual([])
        bystander.close()
      }
      client.close()
      twin.close()
    },
  )

  test('question.owner: the error of the client reaches the child as it is', async () => {
    const client = await open(bridge)
    const { result } = await client.call('sample')
    expect(JSON.parse(result.content[0].text)).toEqual({
      error: { code: -32601, message: 'the test client has no sampling/createMessage' },
    })
    client.close()
  })

  test('question.id: ids of the child come and go as they are, of whatever type', async () => {
    const client = await open(verbatim)
    client.onRequest = () => undefined
    if ('listen' in client) await client.listen()
    const ids = ['1', '"1"', '9007199254740993', '2.0', '"\\u0041b"']
    const lines = ids.map((id) => `{"jsonrpc":"2.0","id":${id},"method":"roots/list"}`)
    const said = client.call('say', { lines: [...lines, '{"jsonrpc":"2.0","id":$ID,"result":{}}'] })
    await said
    await eventually(() => client.received.length === ids.length, { what: 'all questions' })
    const answers = ids.map((id) => `{"jsonrpc":"2.0","id":${id},"result":{"for":${id},"n":1.0}}`)
    for (const answer of answers.toReversed()) await client.post(answer)
    const heard = await heardBy(client)
    expect(heard.filter((line) => line.includes('"for"'))).toEqual(answers.toReversed())
    client.close()
  })

  test('question.once: a second answer, and one to nothing that was asked, do not reach the child', async () => {
    const client = await open(verbatim)
    client.onRequest = () => undefined
    if ('listen' in client) await client.listen()
    await client.call('say', {
      lines: ['{"jsonrpc":"2.0","id":5,"method":"roots/list"}', '{"jsonrpc":"2.0","id":$ID,"result":{}}'],
    })
    await client.until('roots/list')
    for (const id of [5, 5, '5', 99]) {
      expect((await client.post({ jsonrpc: '2.0', id, result: { n: id } })).status).toBe(202)
    }
    const answers = (await heardBy(client)).map((line) => JSON.parse(line)).filter(({ result }) => result?.n)
    expect(answers).toEqual([{ jsonrpc: '2.0', id: 5, result: { n: 5 } }])
    client.close()
  })

  test('question.cancelled: the child takes a question back, and a late answer is not passed on', async () => {
    const client = await open(verbatim)
    client.onRequest = () => undefined
    if ('listen' in client) await client.listen()
    const cancel =
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"q","reason":"no"}}'
    await client.call('say', {
      lines: [
        '{"jsonrpc":"2.0","id":"q","method":"roots/list"}',
        cancel,
        '{"jsonrpc":"2.0","id":$ID,"result":{}}',
      ],
    })
    expect((await client.until('notifications/cancelled')).params).toEqual({ requestId: 'q', reason: 'no' })
    expect(asked(client)).toEqual(['roots/list', 'notifications/cancelled'])
    await client.post({ jsonrpc: '2.0', id: 'q', result: { late: true } })
    expect((await heardBy(client)).filter((line) => line.includes('late'))).toEqual([])
    client.close()
  })
})

/** The id of the request on whose stream a message with this method came; `get`: on the GET stream. */
const carrier = (client: Client, method: string): RpcId => {
  const streams = 'streams' in client ? client.streams : []
  const stream = streams.find(({ text }) => text.includes(`"${method}"`))
  const messages =
    stream?.events.all.filter(({ data }) => data !== '').map(({ data }) => JSON.parse(data)) ?? []
  return messages.find((message: RpcMessage) => !('method' in message))?.id ?? 'get'
}

describe('question.stream', () => {
  test('question.stream: of one call it comes on the stream of that call, a GET stream open or not', async () => {
    for (const listens of [false, true]) {
      const client = await openStreamable(bridge)
      if (listens) await client.listen()
      client.onRequest = () => ({ roots: [] })
      await client.call('roots', {}, { id: 'asker' })
      expect(asked(client)).toEqual(['roots/list'])
      expect(carrier(client, 'roots/list')).toBe('asker')
    }
  })

  test('question.stream: of several calls the newest carries it', async () => {
    const client = await openStreamable(bridge)
    const older = client.call('sleep', { ms: 1500 }, { id: 'older' })
    await eventually(() => client.streams[1]?.isEventStream, { what: 'the older call to be under way' })
    client.onRequest = () => ({ roots: [] })
    await client.call('roots', {}, { id: 'newer' })
    expect(carrier(client, 'roots/list')).toBe('newer')
    await older
  })

  test('question.stream: a client that takes JSON only is asked on its GET stream', async () => {
    const client = await openStreamable(bridge, { headers: { accept: 'application/json' } })
    await client.listen()
    client.onRequest = () => ({ roots: [] })
    expect(textOf(await client.call('roots'))).toBe('{"roots":[]}')
    expect(client.streams.filter(({ isEventStream }) => isEventStream)).toHaveLength(1)
  })

  test('question.stream: without a call and without a stream it waits for one', async () => {
    const client = await openStreamable(bridge)
    client.onRequest = () => ({ roots: [{ uri: 'file:///late' }] })
    expect(textOf(await client.call('askLater'))).toBe('later')
    expect(client.received).toEqual([])
    await client.listen()
    await client.until('roots/list')
    await bridge.running.until(({ line }) =>
      String(line).includes('askLater: {"roots":[{"uri":"file:///late"}]}'),
    )
  })

  test('question.stream: where no stream can carry it the child is told, and its call goes on', async () => {
    const client = await openStreamable(bridge, { headers: { accept: 'application/json' } })
    const outcome = JSON.parse(textOf(await client.call('roots')) ?? '')
    expect(outcome.error).toMatchObject({
      code: expect.any(Number),
      message: expect.stringContaining('stream'),
    })
  })
})
