// resume: after a cut, Last-Event-ID brings what was missed, once.
import { eventually, fixture, Refused, type EventStream, type StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { gated } from '../gate.ts'
import { bridged, nothingLeft, useBridge } from '../bridges.ts'
import { openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()

const bridge = useBridge(['--', ...fixture('echo')])

/** The id of the last event that has come on it. */
function lastIdOf(stream: EventStream): string {
  const id = stream.events.all.findLast((event) => event.id !== undefined)?.id
  if (id === undefined) throw new Error('no event with an id')
  return id
}

/** Calls a tool and waits until its stream has an event with an id; the answer is awaited beyond a cut. */
async function begin(client: StreamableClient, tool: string, args: object, progressToken?: string) {
  const before = client.streams.length
  const token = progressToken === undefined ? {} : { progressToken }
  const answer = client.call(tool, args, { keepWaiting: true, ...token })
  const stream = await eventually(() => client.streams[before], { what: 'the stream of the call' })
  await stream.events.next(({ id }) => id !== undefined)
  return { answer, stream }
}

function stepsOf(client: StreamableClient): number[] {
  const steps = client.received.filter((it) => 'method' in it && it.method === 'notifications/progress')
  return steps.map((it) => ('params' in it ? it.params.progress : 0))
}

test('resume.post: a call cut off again and again loses no event, repeats none, and is answered', async () => {
  const client = await openStreamable(bridge)
  const steps = 60
  const { answer, stream } = await begin(client, 'progress', { steps, delayMs: 20 }, 'token')
  let current = stream
  for (let cuts = 0; cuts < 6; cuts++) {
    const seen = stepsOf(client).length
    await eventually(() => stepsOf(client).length >= seen + 4, { what: 'some more steps' })
    const lastEventId = lastIdOf(current)
    current.destroy()
    expect(await current.ended).toBe('cut')
    current = await client.listen({ lastEventId })
  }
  expect(textOf(await answer)).toBe('done')
  expect(stepsOf(client)).toEqual(Array.from({ length: steps }, (_, n) => n + 1))
  expect(await current.ended).toBe('ended')
  expect([client.strays, client.failures]).toEqual([[], []])
})

test('resume.post: only its own stream comes back, not what belongs to another', async () => {
  const client = await openStreamable(bridge)
  const one = await begin(client, 'progress', { steps: 10, delayMs: 40 }, 'one')
  const other = await begin(client, 'progress', { steps: 10, delayMs: 40 }, 'other')
  one.stream.destroy()
  const resumed = await client.listen({ lastEventId: lastIdOf(one.stream) })
  expect(await Promise.all([one.answer, other.answer].map(async (answer) => textOf(await answer)))).toEqual([
    'done',
    'done',
  ])
  const tokens = resumed.events.all.flatMap(({ data }) => /"progressToken":"(\w+)"/.exec(data)?.[1] ?? [])
  expect(new Set(tokens)).toEqual(new Set(['one']))
})

test('resume.finished: an answer that came while nobody was there is waiting', async () => {
  const client = await openStreamable(bridge)
  const { answer, stream } = await begin(client, 'progress', { steps: 5, delayMs: 100 }, 't')
  const lastEventId = lastIdOf(stream)
  stream.destroy()
  // The child does one after the other: when this is answered, so was that.
  expect(textOf(await client.call('sleep', { ms: 1500 }))).toBe('slept')
  const resumed = await client.listen({ lastEventId })
  expect(textOf(await answer)).toBe('done')
  expect(await resumed.ended).toBe('ended')
  expect(stepsOf(client)).toEqual([1, 2, 3, 4, 5])
  // Whoever loses the replay too can ask once more.
  const again = await client.listen({ lastEventId })
  expect(await again.ended).toBe('ended')
  expect(again.events.all.map(({ data }) => data)).toEqual(resumed.events.all.map(({ data }) => data))
})

test('resume.get: the standing stream goes on where it was cut, with the id or without', async () => {
  const client = await openStreamable(bridge)
  let stream = await client.listen()
  const tell = (n: number) => client.call('resourceUpdated', { uri: `fixture://${n}` })
  const uris = (): string[] =>
    client.received.flatMap((it) =>
      'params' in it && typeof it.params?.uri === 'string' ? [it.params.uri] : [],
    )
  for (let n = 0; n < 60; n += 6) {
    await tell(n)
    await eventually(() => uris().length >= n + 1, { what: `update ${n}` })
    const lastEventId = lastIdOf(stream)
    stream.destroy()
    for (let away = 1; away <= 3; away++) await tell(n + away)
    stream = await client.listen(n % 12 === 0 ? { lastEventId } : {})
    for (let back = 4; back <= 5; back++) await tell(n + back)
  }
  await eventually(() => uris().length >= 60, { what: 'all updates' })
  expect(uris()).toEqual(Array.from({ length: 60 }, (_, n) => `fixture://${n}`))
})

test('resume.newest: a second GET stream takes over, and the first ends', async () => {
  const client = await openStreamable(bridge)
  const first = await client.listen()
  const second = await client.listen()
  expect(await first.ended).toBe('ended')
  await client.call('listChanged')
  await second.events.next(({ data }) => data.includes('list_changed'))
  expect(client.received).toHaveLength(1)
})

/** Has all its answers as events, so that each can be asked for again; the first event of each stream is in front. */
const EVENTS_ONLY = { headers: { accept: 'text/event-stream' } }

async function primedBy(client: StreamableClient, tool: string, args: object, id: string): Promise<string> {
  const answer = await client.call(tool, args, { id })
  expect(answer.error).toBeUndefined()
  return client.streams.at(-1)?.events.all[0]?.id ?? ''
}

test('resume.bound: an answer over --max-replay is not kept, and says so', async () => {
  const small = await bridged(['--max-replay', '100KiB', '--', ...fixture('echo')])
  const client = await openStreamable(small, EVENTS_ONLY)
  const large = await primedBy(client, 'big', { bytes: 300_000 }, 'large')
  const fitting = await primedBy(client, 'big', { bytes: 90_000 }, 'fitting')
  for (const lastEventId of [large, fitting])
    expect(await (await client.listen({ lastEventId })).ended).toBe('ended')
  const [lost, kept, ...others] = client.strays
  expect(lost).toMatchObject({ id: 'large', error: { code: -32603, data: { code: 'answer_not_kept' } } })
  expect(lost?.error?.message).toMatch(/\d{6} bytes/)
  expect(kept?.id).toBe('fitting')
  expect(kept?.result.content[0].text.length).toBe(90_000)
  expect(others).toEqual([])
})

test('resume.old: what is not kept any more is refused, as is what never was', async () => {
  const small = await bridged(['--max-replay', '100KiB', '--', ...fixture('echo')])
  const client = await openStreamable(small, EVENTS_ONLY)
  const first = await primedBy(client, 'echo', { text: 'first' }, 'first')
  expect(await (await client.listen({ lastEventId: first })).ended).toBe('ended')
  let last = ''
  for (let n = 0; n < 4; n++) last = await primedBy(client, 'big', { bytes: 30_000 }, `later ${n}`)
  for (const lastEventId of [first, '999:0']) {
    const refused = await client.listen({ lastEventId }).catch((error: unknown) => error)
    if (!(refused instanceof Refused)) throw new Error('not refused')
    const reply = { ...refused, json: () => JSON.parse(refused.body) as unknown }
    expect(refusal(reply, 400, 'request_invalid').message).toContain('no longer kept')
  }
  expect(await (await client.listen({ lastEventId: last })).ended).toBe('ended')
  expect(client.strays.map(({ id }) => id)).toEqual(['first', 'later 3'])
})

test('resume.gap: a client that comes back to more than was kept is told what is missing', async () => {
  const it = await gated(['--max-replay', '20KiB'])
  const client = await openStreamable(it.bridge)
  const update = (n: number) =>
    client.call('notify', { method: 'notifications/resources/updated', params: { uri: `page://${n}` } })
  const stream = await client.listen()
  await update(0)
  await client.until('notifications/resources/updated')
  const lastEventId = lastIdOf(stream)
  stream.destroy()
  client.received.length = 0
  for (let n = 1; n <= 200; n++) await update(n)
  await client.listen({ lastEventId })
  await eventually(() => client.received.some((each) => JSON.stringify(each).includes('page://200')), {
    what: 'the last update',
  })
  const [first, ...replayed] = client.received
  expect(first).toMatchObject({ method: 'notifications/message', params: { level: 'warning' } })
  const missing = Number(/^(\d+) messages are missing here/.exec(String((first as any).params.data))?.[1])
  expect(missing + replayed.length).toBe(200)
  expect(JSON.stringify(replayed[0])).toContain(`page://${missing + 1}"`)
})
