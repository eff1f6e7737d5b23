// cancel: a cancellation reaches the child under the child's own id, and what comes too late reaches nobody.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, SseClient, tempDir, type RpcId } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, WIRES, type Client } from '../clients.ts'
import { heardBy, VERBATIM } from './heard.ts'

nothingLeft()
const bridge = useBridge(['--', ...VERBATIM])
const impatient = useBridge(['--call-timeout', '400ms', '--', ...VERBATIM])

/** A call that the child never answers, and the child's number for it. */
async function hold(client: Client, id: RpcId): Promise<{ answer: Promise<unknown>; number: number }> {
  const answer = client.call('hold', { mark: id }, { id, progressToken: id }).catch((error: unknown) => error)
  const number = await eventually(
    async () => {
      const calls = (await heardBy(client)).map((line) => JSON.parse(line))
      return calls.findLast(({ params }) => params?.name === 'hold' && params.arguments.mark === id)?.id
    },
    { what: 'the call to reach the child' },
  )
  return { answer, number }
}

const cancellations = async (client: Client) =>
  (await heardBy(client))
    .map((line) => JSON.parse(line))
    .filter(({ method }) => method === 'notifications/cancelled')

describe.each(WIRES)('cancel over %s', (_name, open) => {
  test('cancel.forwarded: with the number of the child and the reason of the client', async () => {
    const client = await open(bridge)
    const ids: RpcId[] = [100, '100', 'a b']
    const held = []
    for (const id of ids) held.push(await hold(client, id))
    await client.cancel(100, 'because')
    const params = { requestId: held[0]?.number, reason: 'because' }
    expect(await cancellations(client)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/cancelled', params },
    ])
    client.close()
  })

  test('cancel.ignored: one for a request that is answered or never was does not reach the child', async () => {
    const client = await open(bridge)
    await client.call('heard', {}, { id: 'done' })
    for (const id of ['done', 'never', 12_345, 1]) await client.cancel(id)
    await client.notify('notifications/cancelled')
    expect(await cancellations(client)).toEqual([])
    client.close()
  })

  test('cancel.own: nobody cancels the request of another client that chose the same id', async () => {
    const [client, other] = await Promise.all([open(bridge), open(bridge)])
    await Promise.all([hold(client, 'same'), hold(other, 'same')])
    await client.cancel('same')
    expect(await cancellations(client)).toHaveLength(1)
    expect(await cancellations(other)).toEqual([])
    client.close()
    other.close()
  })

  test('cancel.late: answer and progress that come after all are dropped', async () => {
    const client = await open(bridge)
    if ('listen' in client) await client.listen()
    const { answer, number } = await hold(client, 'gone')
    await client.cancel('gone')
    const lines = [
      `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${number},"progress":1}}`,
      `{"jsonrpc":"2.0","id":${number},"result":{"late":true}}`,
      '{"jsonrpc":"2.0","id":$ID,"result":{}}',
    ]
    await client.call('say', { lines })
    expect(client.received).toEqual([])
    const texts = 'stream' in client ? [client.stream?.text] : client.streams.map(({ text }) => text)
    expect(texts.join('')).not.toContain('late')
    client.close()
    await answer
  })

  test('timeout: a call over --call-timeout is answered with an error, and cancelled towards the child', async () => {
    const client = await open(impatient)
    const { error } = await client.call('hold', { mark: 1 }, { id: 'slow' })
    expect(error).toMatchObject({ code: -32603, data: { code: 'child_timeout' } })
    const [cancelled] = await cancellations(client)
    const lines = (await heardBy(client)).map((line) => JSON.parse(line))
    expect(cancelled.params.requestId).toBe(lines.find(({ params }) => params?.name === 'hold')?.id)
    client.close()
  })
})

describe('cancel.unanswered', () => {
  test('cancel.unanswered: over HTTP+SSE nothing answers the cancelled request', async () => {
    const client = await openSse(bridge)
    const { answer } = await hold(client, 'gone')
    await client.cancel('gone')
    await heardBy(client)
    expect(client.stream?.text).not.toContain('"gone"')
    client.close()
    expect(await answer).toMatchObject({ message: expect.stringContaining('the stream') })
  })

  test('cancel.unanswered: over Streamable HTTP its POST is ended, with an error', async () => {
    const client = await openStreamable(bridge)
    const { answer } = await hold(client, 'gone')
    await client.cancel('gone')
    expect(await answer).toMatchObject({ id: 'gone', error: { code: -32800 } })
  })
})

test('cancel.initialize: a cancellation of initialize does not reach the child', async () => {
  const file = join(tempDir(), 'lines')
  const { port } = await bridged(['--warm', '0', '--', ...VERBATIM, file])
  const client = new SseClient({ port })
  await client.connect()
  const clientInfo = { name: 'silence', version: '1' }
  client.initialize({ clientInfo }).catch(() => {})
  const recorded = () => readFileSync(file, 'utf8')
  await eventually(() => recorded().includes('silence'), { what: 'initialize to reach the child' })
  await client.cancel(1)
  await client.notify('notifications/behind')
  await eventually(() => recorded().includes('notifications/behind'), { what: 'what follows it' })
  expect(recorded()).not.toContain('cancelled')
  client.close()
})
