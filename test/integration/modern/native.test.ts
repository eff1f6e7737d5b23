// A client of 2026-07-28 in front of a tool that speaks it: what either says passes.
import { eventually, fixture, ModernClient, MODERN_REVISION, type EventStream } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { textOf } from '../clients.ts'

nothingLeftAfterEach()
const messagesOf = (stream: EventStream): any[] => stream.events.all.map(({ data }) => JSON.parse(data))

describe.each(['only', 'dual'] as const)('a tool that speaks %s', (kind) => {
  const command = fixture('speaks-modern', kind)

  test('it says for itself what it is, and one process serves all', async () => {
    const bridge = await embedded({ command }, {})
    const clients = ['one', 'two'].map((name) => new ModernClient({ ...bridge, name }))
    const { response } = await clients[0]!.request('server/discover')
    expect(response.result).toMatchObject({ resultType: 'complete', ttlMs: 1000, cacheScope: 'public' })
    expect(response.result.supportedVersions).toEqual(expect.arrayContaining([MODERN_REVISION, '2025-11-25']))
    const pids = await Promise.all(clients.map(async (client) => textOf(await client.call('pid'))))
    expect(new Set(pids).size).toBe(1)
  })

  test('a result comes byte for byte, and what a request says of itself arrives', async () => {
    const client = new ModernClient(await embedded({ command }, {}))
    const { text } = await client.request(
      'tools/call',
      { name: 'echo', arguments: { text: 'é😀' } },
      { id: 'mine' },
    )
    expect(text).toMatch(
      /^\{"jsonrpc":"2\.0","id":"mine","result":\{"resultType":"complete","content":\[\{"type":"text","text":"é😀"\}\],"_meta":\{/,
    )
    const said = JSON.parse(
      textOf(
        await client.call('envelope', {}, { capabilities: { roots: {} }, meta: { traceparent: '00-1' } }),
      ) ?? '',
    )
    expect(said).toMatchObject({
      'io.modelcontextprotocol/clientCapabilities': { roots: {} },
      'io.modelcontextprotocol/clientInfo': { name: 'modern-client' },
      traceparent: '00-1',
    })
  })

  test('it asks its client itself, and its state passes untouched', async () => {
    const client = new ModernClient({
      ...(await embedded({ command }, {})),
      capabilities: { elicitation: {} },
    })
    const { result } = await client.call('elicit')
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { name: { method: 'elicitation/create' } },
    })
    const answer = { action: 'accept', content: { name: 'Ada' } }
    const params = { name: 'elicit', arguments: {}, inputResponses: { name: answer } }
    const { requestState } = result
    expect(textOf((await client.request('tools/call', { ...params, requestState })).response)).toBe(
      JSON.stringify(answer),
    )
    const forged = await client.request('tools/call', { ...params, requestState: `${requestState}0` })
    expect([forged.status, forged.response.error]).toMatchObject([
      200,
      { code: -32602, message: 'the state was changed' },
    ])
  })
})

const command = fixture('speaks-modern', 'only')

test('errors of the tool have their status', async () => {
  const client = new ModernClient(await embedded({ command }, {}))
  await client.call('pid')
  const unknown = await client.request('skills/list')
  expect([unknown.status, unknown.response.error?.code]).toEqual([404, -32601])
  const lacking = await client.request('tools/call', { name: 'test_missing_capability', arguments: {} })
  expect([lacking.status, lacking.response.error]).toMatchObject([
    400,
    { code: -32021, data: { requiredCapabilities: { sampling: {} } } },
  ])
})

test('each hears what it listens to, under its own id, and an end in order', async () => {
  const bridge = await embedded({ command }, {})
  const client = new ModernClient(bridge)
  const open = (id: string, notifications: object) =>
    client.open('subscriptions/listen', { notifications }, { id })
  const lists = await open('lists', { toolsListChanged: true })
  const page = await open('page', { resourceSubscriptions: ['test://static-text'] })
  await eventually(() => lists.events.all.length === 1 && page.events.all.length === 1, {
    what: 'acknowledgements',
  })
  await client.call('test_trigger_tool_change')
  await client.call('resourceUpdated', { uri: 'test://static-text' })
  await eventually(() => lists.events.all.length === 2 && page.events.all.length === 2, { what: 'both' })
  const ID = 'io.modelcontextprotocol/subscriptionId'
  expect(messagesOf(lists).map(({ params }) => params._meta[ID])).toEqual(['lists', 'lists'])
  expect(messagesOf(page)[1]).toMatchObject({
    method: 'notifications/resources/updated',
    params: { uri: 'test://static-text', _meta: { [ID]: 'page' } },
  })
  await bridge.close()
  expect(await lists.ended).toBe('ended')
  expect(messagesOf(lists).at(-1)).toMatchObject({
    id: 'lists',
    result: { resultType: 'complete', _meta: { [ID]: 'lists' } },
  })
})

test('a closed connection is a cancellation, and a crash an answer', async () => {
  const client = new ModernClient(await embedded({ command }, {}))
  const first = textOf(await client.call('pid'))
  const leave = new AbortController()
  const gone = client.open(
    'tools/call',
    { name: 'sleep', arguments: { ms: 60_000 } },
    { signal: leave.signal },
  )
  await client.call('pid')
  leave.abort()
  await expect(gone).rejects.toThrow('aborted')
  expect((await client.call('crash')).error?.data.code).toBe('child_exited')
  expect(textOf(await client.call('pid'))).not.toBe(first)
})

test('features.environments: filters hold, and each environment has a process of its own', async () => {
  const bridge = await embedded({ command, headerEnv: ['x-key=KEY'], toolsDeny: ['echo'], era: 'modern' }, {})
  const of = (key: string) => new ModernClient({ ...bridge, headers: { 'x-key': key } })
  const { response } = await of('a').request('tools/list')
  expect(response.result).toMatchObject({ resultType: 'complete', ttlMs: 1000 })
  expect(response.result.tools.map(({ name }: { name: string }) => name)).not.toContain('echo')
  expect((await of('a').call('echo')).error?.code).toBe(-32602)
  const pids = [await of('a').call('pid'), await of('b').call('pid'), await of('a').call('pid')].map(textOf)
  expect(pids[0]).toBe(pids[2])
  expect(pids[0]).not.toBe(pids[1])
})
