// What a modern client listens to: a stream for each request, in front of a tool that has one for all.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, ModernClient, tempDir, type EventStream } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'

nothingLeftAfterEach()
const ID = 'io.modelcontextprotocol/subscriptionId'
const messagesOf = (stream: EventStream): any[] => stream.events.all.map(({ data }) => JSON.parse(data))
const methodsOf = (stream: EventStream): string[] => messagesOf(stream).map(({ method }) => method)

test.each(['session', 'shared'] as const)(
  'modern.listen: %s: each hears what it asked for, under its own id',
  async (children) => {
    const bridge = await embedded({ command: fixture('echo'), children }, {})
    const client = new ModernClient(bridge)
    const lists = await client.open(
      'subscriptions/listen',
      { notifications: { toolsListChanged: true } },
      { id: 'l' },
    )
    const page = await client.open(
      'subscriptions/listen',
      { notifications: { resourceSubscriptions: ['fixture://page'], promptsListChanged: true } },
      { id: 5 },
    )
    await eventually(() => lists.events.all.length === 1 && page.events.all.length === 1, {
      what: 'both acknowledgements',
    })
    expect(messagesOf(lists)).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: { toolsListChanged: true }, _meta: { [ID]: 'l' } },
      },
    ])
    // The tool has no prompts: nothing is promised of them.
    expect(messagesOf(page)[0].params).toEqual({
      notifications: { resourceSubscriptions: ['fixture://page'] },
      _meta: { [ID]: 5 },
    })
    await client.call('listChanged')
    await client.call('resourceUpdated', { uri: 'fixture://page' })
    await client.call('resourceUpdated', { uri: 'fixture://other' })
    await eventually(() => lists.events.all.length === 2 && page.events.all.length === 2, {
      what: 'what was asked for',
    })
    expect(messagesOf(lists)[1]).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/tools/list_changed',
      params: { _meta: { [ID]: 'l' } },
    })
    expect(messagesOf(page)[1].params).toEqual({ uri: 'fixture://page', _meta: { [ID]: 5 } })
    lists.destroy()
    page.destroy()
  },
)

test('the tool is subscribed once, as long as anybody listens', async () => {
  const file = join(tempDir(), 'lines')
  const client = new ModernClient(await embedded({ command: fixture('records-calls', file) }, {}))
  const open = () =>
    client.open('subscriptions/listen', { notifications: { resourceSubscriptions: ['fixture://page'] } })
  const [one, two] = await Promise.all([open(), open()])
  await eventually(() => one.events.all.length === 1 && two.events.all.length === 1, {
    what: 'both acknowledgements',
  })
  const asked = async (method: string) => {
    // What it has read by then is in the file.
    await client.call('pid')
    return readFileSync(file, 'utf8').split(`"${method}"`).length - 1
  }
  one.destroy()
  await one.ended
  expect([await asked('resources/subscribe'), await asked('resources/unsubscribe')]).toEqual([1, 0])
  two.destroy()
  await eventually(async () => (await asked('resources/unsubscribe')) === 1, {
    what: 'the end of the subscription',
  })
})

test('nothing to tell ends at once, and what is no wish is refused', async () => {
  const client = new ModernClient(await embedded({ command: fixture('echo') }, {}))
  const { messages } = await client.request('subscriptions/listen', { notifications: {} }, { id: 3 })
  expect(messages).toMatchObject([
    { method: 'notifications/subscriptions/acknowledged', params: { notifications: {} } },
    { id: 3, result: { resultType: 'complete', _meta: { [ID]: 3 } } },
  ])
  const refused = await client.request('subscriptions/listen', {})
  expect([refused.status, refused.response.error?.code]).toEqual([200, -32602])
})

test('modern.end: when the child goes the stream ends in order, and so it does at the end of the bridge', async () => {
  const bridge = await embedded({ command: fixture('echo') }, {})
  const client = new ModernClient(bridge)
  const wishes = { notifications: { toolsListChanged: true } }
  const first = await client.open('subscriptions/listen', wishes)
  await eventually(() => first.events.all.length === 1, { what: 'the acknowledgement' })
  await client.call('crash')
  expect(await first.ended).toBe('ended')
  expect(messagesOf(first).at(-1)).toMatchObject({ result: { resultType: 'complete' } })
  const second = await client.open('subscriptions/listen', wishes)
  await eventually(() => second.events.all.length === 1, { what: 'the acknowledgement' })
  await bridge.close()
  expect(await second.ended).toBe('ended')
  expect(methodsOf(second)).toEqual(['notifications/subscriptions/acknowledged', undefined])
})
