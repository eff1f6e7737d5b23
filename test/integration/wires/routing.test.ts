// routing: clients that choose the same ids and tokens, side by side on both wires of one port.
import { eventually, fixture, type RpcMessage } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, textOf, WIRES, type Client } from '../clients.ts'
import { heardBy, VERBATIM } from './heard.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('echo')])
const verbatim = useBridge(['--', ...VERBATIM])

const crowd = (): Promise<Client[]> =>
  Promise.all([openStreamable(bridge), openStreamable(bridge), openSse(bridge), openSse(bridge)])

describe('id.restored', () => {
  // As they stand in the JSON: as numbers two of them would be the same.
  const IDS = [
    '7',
    '"7"',
    '0',
    '-1',
    '9007199254740993',
    '9007199254740992',
    '1.0',
    '""',
    '"a \\u00e9 \\" b"',
  ]

  test.each(IDS)('id.restored: %s comes back as it is, to each of four clients at once', async (id) => {
    const clients = await crowd()
    const bodies = await Promise.all(clients.map((client, n) => answerTo(client, id, `of ${n}`)))
    for (const [n, body] of bodies.entries()) {
      expect(body).toContain(`"id":${id},`)
      expect(JSON.parse(body).result.content[0].text).toBe(`of ${n}`)
    }
    for (const client of clients) {
      // Over HTTP+SSE the one answer was nobody's `request`; no other came.
      const own = 'stream' in client ? 1 : 0
      expect([client.strays.length, client.received, client.failures]).toEqual([own, [], []])
      client.close()
    }
  })

  test('id.restored: a number, the same as a string and a near one in flight together, answered backwards', async () => {
    const client = await openStreamable(verbatim)
    const ids = ['7', '"7"', '9007199254740993', '9007199254740992']
    const posts = ids.map((id, n) =>
      client.post(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"hold","mark":${n}}}`),
    )
    const numbers = await eventually(
      async () => {
        const calls = (await heardBy(client)).map((line) => JSON.parse(line))
        const found = ids.map((_, n) => calls.find(({ params }) => params?.mark === n)?.id)
        return !found.includes(undefined) && found
      },
      { what: 'all four to reach the child' },
    )
    const lines = numbers.map((number, n) => `{"jsonrpc":"2.0","id":${number},"result":{"mark":${n}}}`)
    await client.call('say', { lines: [...lines.toReversed(), '{"jsonrpc":"2.0","id":$ID,"result":{}}'] })
    const bodies = (await Promise.all(posts)).map(({ body }) => body)
    bodies.forEach((body, n) =>
      expect(body).toContain(`{"jsonrpc":"2.0","id":${ids[n]},"result":{"mark":${n}}}`),
    )
  })

  test('id.restored: towards the child all ids are integers that differ', async () => {
    const client = await openStreamable(verbatim)
    for (const id of ['x', 'y', 3]) await client.request('any/method', {}, { id })
    const ids = (await heardBy(client)).map((line) => JSON.parse(line).id).filter((id) => id !== undefined)
    expect(ids.every(Number.isInteger)).toBe(true)
    expect(new Set(ids).size).toBe(5)
  })
})

describe('progress.token', () => {
  test.each(WIRES)('progress.token: equal tokens of two clients each lead home, %s', async (_name, open) => {
    const clients = await Promise.all([open(bridge), open(bridge)])
    for (const progressToken of [1, '1', 'long token', 9_007_199_254_740_991]) {
      const outcomes = await Promise.all(
        clients.map(async (client, n) => {
          const seen: unknown[] = []
          const take = (message: RpcMessage) => void seen.push('params' in message && message.params)
          const options = { id: 'same', progressToken, onMessage: take }
          await client.call('progress', { steps: n + 2, delayMs: 20 }, options)
          return seen
        }),
      )
      outcomes.forEach((seen, n) => {
        const total = n + 2
        const steps = Array.from({ length: total }, (_, i) => i + 1)
        expect(seen).toEqual(steps.map((progress) => ({ progressToken, progress, total })))
      })
    }
    for (const client of clients) client.close()
  })

  test('progress.token: its literal is restored, and what the child adds stays', async () => {
    const client = await openStreamable(verbatim)
    const lines = [
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":$TOKEN,"progress":1.0,"x":[1.50]}}',
      '{"jsonrpc":"2.0","id":$ID,"result":{}}',
    ]
    const args = JSON.stringify({ name: 'say', arguments: { lines }, _meta: { progressToken: 0 } })
    for (const token of ['9007199254740993', '2.0', '"\\u0041"']) {
      const params = args.replace('"progressToken":0', `"progressToken":${token}`)
      const reply = await client.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`)
      expect(reply.body).toContain(`"params":{"progressToken":${token},"progress":1.0,"x":[1.50]}}`)
    }
  })

  test('progress.token: two calls of one client report each on its own stream', async () => {
    const client = await openStreamable(bridge)
    const run = async (progressToken: string) => {
      const id = `call ${progressToken}`
      await client.call('progress', { steps: 4, delayMs: 60 }, { id, progressToken })
      const stream = client.streams.find(({ text }) => text.includes(`"${id}"`))
      const messages = stream?.events.all
        .filter(({ data }) => data !== '')
        .map(({ data }) => JSON.parse(data))
      return messages?.map(({ params, id: answered }) => params?.progressToken ?? answered)
    }
    const [one, other] = await Promise.all([run('a'), run('b')])
    expect(one).toEqual(['a', 'a', 'a', 'a', 'call a'])
    expect(other).toEqual(['b', 'b', 'b', 'b', 'call b'])
  })

  test.each(WIRES)('progress.late: nothing follows the answer, %s', async (_name, open) => {
    const client = await open(verbatim)
    const late =
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":$TOKEN,"progress":1}}'
    const lines = ['{"jsonrpc":"2.0","id":$ID,"result":{}}', late]
    if ('listen' in client) await client.listen()
    await client.call('say', { lines }, { progressToken: 'p' })
    // The child's lines are read in order: had it come through, it would be here before this answer.
    await client.call('heard')
    expect(client.received).toEqual([])
    client.close()
  })
})

test('child.own: each session has its own child, initialised with what its client said', async () => {
  const open = [openStreamable, openSse, openStreamable, openSse]
  const given = open.map((_, n) => ({
    capabilities: n % 2 === 0 ? { roots: { listChanged: true } } : { sampling: {}, experimental: { n } },
    clientInfo: { name: `client ${n}`, version: `${n}.0` },
    protocolVersion: n < 2 ? '2025-06-18' : '2025-11-25',
  }))
  const clients = await Promise.all(open.map((each, n) => each(bridge, given[n])))
  const seen = await Promise.all(clients.map(async (client) => textOf(await client.call('capabilities'))))
  expect(seen.map((text) => JSON.parse(text ?? ''))).toEqual(given)
  const pids = await Promise.all(clients.map(async (client) => textOf(await client.call('pid'))))
  expect(new Set(pids).size).toBe(4)
  for (const client of clients) client.close()
})

test('version.negotiated: the client is told what the child answered, and the child what the client asked', async () => {
  const asked = { protocolVersion: '1999-01-01' }
  expect((await openStreamable(bridge, asked)).protocolVersion).toBe('2025-11-25')
  expect(textOf(await (await openStreamable(bridge, asked)).call('capabilities'))).toContain('"1999-01-01"')
})

/** The body or event that answers a call of `echo`, which was sent with this id. */
async function answerTo(client: Client, id: string, text: string): Promise<string> {
  const params = `{"name":"echo","arguments":{"text":"${text}"}}`
  const reply = await client.post(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`)
  if (!('stream' in client)) return reply.body.replace(/^[^]*data: /, '')
  expect(reply.status).toBe(202)
  return (await client.stream!.events.next(({ data }) => data.includes(text))).data
}
