// noise: what a tool prints on stdout beside its messages reaches no client, and costs it no message.
import { fixture, StreamableClient, type EventStream } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { textOf, WIRES, type Client } from '../clients.ts'

nothingLeft()

const GLUED = { level: 'info', data: 'glued behind text on one line' }
const CALLS = 20

describe.each(WIRES)('bounds.noise: over %s', (_wire, open) => {
  test('eight kinds of noise are dropped; a message behind text on its line is not', async () => {
    const bridge = await bridged(['--', ...fixture('noisy-stdout')])
    const client = await open(bridge)
    if (client instanceof StreamableClient) await client.listen()
    for (let n = 0; n < CALLS; n++) {
      expect(textOf(await client.call('echo', { text: `clear ${n} €` }))).toBe(`clear ${n} €`)
    }
    const atOnce = Array.from({ length: CALLS }, (_, n) => client.call('echo', { text: `loud ${n}` }))
    expect((await Promise.all(atOnce)).map(textOf)).toEqual(atOnce.map((_, n) => `loud ${n}`))
    expect(textOf(await client.call('progress', { steps: 3 }, { progressToken: 'p' }))).toBe('done')

    // One before each message of the tool: the answers, that to initialize included, and three steps of progress.
    const glued = client.received.filter((it) => 'method' in it && it.method === 'notifications/message')
    expect(glued).toHaveLength(1 + 2 * CALLS + 1 + 3)
    for (const message of glued) expect('params' in message && message.params).toEqual(GLUED)
    expect(client.received).toHaveLength(glued.length + 3)
    expect([client.failures, client.strays]).toEqual([[], []])
    for (const data of dataOf(client)) {
      expect(JSON.parse(data)).toMatchObject({ jsonrpc: '2.0' })
      expect(data).not.toContain('\r')
    }
  })

  test('one warning per child tells of it, the rest is for debugging', async () => {
    const bridge = await bridged(['--warm', '0', '--log-level', 'info', '--', ...fixture('noisy-stdout')])
    const client = await open(bridge)
    const pid = Number(textOf(await client.call('pid')))
    await bridge.until(({ msg, childPid }) => msg.includes('stdout') && childPid === pid)
    const warned = bridge.logs.filter(({ msg }) => msg.includes('stdout'))
    expect(warned.filter(({ childPid }) => childPid === pid)).toHaveLength(1)
    expect(warned[0]).toMatchObject({
      level: 'warn',
      line: '*** noisy-stdout 1.0.0 is listening on stdio ***',
    })
  })
})

/** What the events of all its streams carried; one that only names a place carries nothing. */
function dataOf(client: Client): string[] {
  const streams: (EventStream | undefined)[] =
    client instanceof StreamableClient ? client.streams : [client.stream]
  const events = streams.flatMap((stream) => stream?.events.all ?? [])
  return events.filter(({ event, data }) => event === 'message' && data !== '').map(({ data }) => data)
}
