// A client that opens its `subscriptions/listen` again and again, as Claude Code does after a stream that ended soon.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, ModernClient, tempDir, type EventStream } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'

nothingLeftAfterEach()
const TIMES = 20
const PAGE = 'fixture://page'
const WISHES = { notifications: { toolsListChanged: true, resourceSubscriptions: [PAGE] } }
const ID = 'io.modelcontextprotocol/subscriptionId'

const messagesOf = (stream: EventStream): any[] => stream.events.all.map(({ data }) => JSON.parse(data))

/** Each with the id that its request had. */
async function reopen(client: ModernClient, id: string): Promise<EventStream> {
  const stream = await client.open('subscriptions/listen', WISHES, { id })
  await eventually(() => stream.events.all.length > 0, { what: 'the acknowledgement' })
  expect(messagesOf(stream)[0]).toMatchObject({
    method: 'notifications/subscriptions/acknowledged',
    params: { ...WISHES, _meta: { [ID]: id } },
  })
  return stream
}

/** What came after the acknowledgement. */
const told = (stream: EventStream) => messagesOf(stream).slice(1)

const twoWays = ['session', 'shared'] as const

test.each(twoWays)(
  'modern.reopen: %s: with the former still open each hears everything once, under its own id',
  async (children) => {
    const file = join(tempDir(), 'lines')
    const client = new ModernClient(await embedded({ command: fixture('records-calls', file), children }, {}))
    const open: EventStream[] = []
    for (let n = 0; n < TIMES; n++) {
      open.push(await reopen(client, `l${n}`))
      await client.call('resourceUpdated', { uri: PAGE })
      await client.call('listChanged')
    }
    for (const [n, stream] of open.entries()) {
      const expected = 2 * (TIMES - n)
      await eventually(() => told(stream).length >= expected, { what: `all of stream ${n}` })
      expect(told(stream)).toEqual(
        Array.from({ length: expected }, (_, each) =>
          each % 2 === 0
            ? {
                jsonrpc: '2.0',
                method: 'notifications/resources/updated',
                params: { uri: PAGE, _meta: { [ID]: `l${n}` } },
              }
            : {
                jsonrpc: '2.0',
                method: 'notifications/tools/list_changed',
                params: { _meta: { [ID]: `l${n}` } },
              },
        ),
      )
    }
    // One subscription at the tool stands for all of them, and ends with the last.
    for (const stream of open) stream.destroy()
    await eventually(async () => (await asked(client, file, 'resources/unsubscribe')) === 1, {
      what: 'the end of the subscription',
    })
    expect(await asked(client, file, 'resources/subscribe')).toBe(1)
  },
)

test.each(twoWays)(
  'modern.reopen: %s: after the former has closed the new one misses nothing that comes after its acknowledgement',
  async (children) => {
    const file = join(tempDir(), 'lines')
    const bridge = await embedded({ command: fixture('records-calls', file), children, maxSessions: 1 }, {})
    const client = new ModernClient(bridge)
    await client.call('pid')
    const pids = bridge.childPids.length
    for (let n = 0; n < TIMES; n++) {
      const stream = await reopen(client, `l${n}`)
      await client.call('resourceUpdated', { uri: PAGE })
      await eventually(() => told(stream).length > 0, { what: 'the update' })
      expect(told(stream)).toMatchObject([{ params: { uri: PAGE, _meta: { [ID]: `l${n}` } } }])
      // Without waiting for its end: the next is opened while the bridge may not know yet.
      stream.destroy()
    }
    await eventually(
      async () => {
        const [on, off] = [
          await asked(client, file, 'resources/subscribe'),
          await asked(client, file, 'resources/unsubscribe'),
        ]
        return on > 0 && on === off
      },
      { what: 'as many ends of the subscription as beginnings' },
    )
    // Neither a process nor a session more.
    expect(bridge.childPids).toHaveLength(pids)
    expect(bridge.logs.filter(({ msg }) => msg === 'session opened')).toHaveLength(1)
  },
)

/** What the tool has read by then is in the file. */
async function asked(client: ModernClient, file: string, method: string): Promise<number> {
  await client.call('pid')
  return readFileSync(file, 'utf8').split(`"${method}"`).length - 1
}
