// cancelled: on a shared child a cancelled call silences others only for as long as it may still be at work.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, embedded, nothingLeft, type Embedded } from '../bridges.ts'
import { logsOf, openSse, openStreamable, textOf, type Client } from '../clients.ts'
import { gated, gatedBy, type Gated } from '../gate.ts'

nothingLeft()

const SAYS = { method: 'notifications/message', params: { level: 'info', data: 'of a' } }
const asks = async (client: Client) =>
  JSON.parse(textOf(await client.call('asks', { method: 'roots/list' })) ?? '')
const ABLE = { capabilities: { roots: {} } }

test.each([
  ['it is cancelled', async (b: Client) => b.cancel(7)],
  ['its session ends', async (b: Client) => b.close()],
])(
  'cancelled.logs: others hear their log messages again as soon as the child has read that %s',
  async (_, end) => {
    const it = await gated(['--children', 'shared'])
    const [a, b] = [await openStreamable(it.bridge), await openSse(it.bridge)]
    // A handler that obeys never answers.
    b.call('held', { gate: it.gate('never') }, { id: 7 }).catch(() => {})
    await it.until('"held"')
    await end(b)
    await it.until('"ping"')
    await eventually(
      async () => {
        await a.call('notify', SAYS)
        return logsOf(a).length > 0
      },
      { what: 'a log message to arrive' },
    )
    expect(logsOf(b)).toEqual([])
    b.close()
  },
)

/** One client cancels a call that never ends: what another's question is answered at first, until it is asked again. */
async function firstAnswer(it: Gated<Embedded>): Promise<unknown> {
  const [a, b] = [await openStreamable(it.bridge, ABLE), await openSse(it.bridge, ABLE)]
  a.onRequest = () => ({ roots: [] })
  b.call('held', { gate: it.gate('never') }, { id: 7 }).catch(() => {})
  await it.until('"held"')
  await b.cancel(7)
  const first: unknown = await asks(a)
  await eventually(async () => 'roots' in (await asks(a)), { what: 'a question to reach its client' })
  b.close()
  return first
}

test('cancelled.asks: a handler that ignores the cancellation may still ask for a while; then others are asked again', async () => {
  const it = await gatedBy((command) =>
    embedded({ command, children: 'shared' }, { afterCancelMs: 3000, cancelledMs: 60_000 }),
  )
  expect(await firstAnswer(it)).toMatchObject({ error: { data: { code: 'server_request_refused' } } })
})

test('cancelled.deaf: a child that never says that it has read the cancellation is waited for, but not for ever', async () => {
  const it = await gatedBy((command) =>
    embedded(
      { command: [...command, '2025-11-25', 'deaf-to-ping'], children: 'shared' },
      { stuckMs: 100, afterCancelMs: 60_000, cancelledMs: 5000 },
    ),
  )
  expect(await firstAnswer(it)).toMatchObject({ error: { data: { code: 'server_request_refused' } } })
})

test('cancelled.large: a late answer that is too long to be kept is an answer, too', async () => {
  const it = await gated(['--children', 'shared', '--max-line', '4KiB'])
  const [a, b] = [await openStreamable(it.bridge, ABLE), await openSse(it.bridge)]
  a.onRequest = () => ({ roots: [] })
  const gate = it.gate('large')
  b.call('held', { gate, bytes: 8192 }, { id: 7 }).catch(() => {})
  await it.until('"held"')
  await b.cancel(7)
  await it.until('"ping"')
  expect(await asks(a)).toMatchObject({ error: { data: { code: 'server_request_refused' } } })
  it.open(gate)
  await eventually(async () => 'roots' in (await asks(a)), { what: 'a question to reach its client' })
  b.close()
})

test('cancelled.doubt: a call whose answer may have been lost is cancelled, and what it asks late reaches nobody', async () => {
  const it = await gatedBy((command) => embedded({ command, children: 'shared' }, { lostMs: 300 }))
  const [a, b] = [await openStreamable(it.bridge, ABLE), await openSse(it.bridge, ABLE)]
  a.onRequest = () => ({ roots: [] })
  const held = b.call('held', { gate: it.gate('never') })
  await it.until('"held"')
  const { id } = it.heard().find(({ method }) => method === 'tools/call')
  // As a log line of a tool might look.
  const answer = await a.call('held', { prints: JSON.stringify({ level: 'info', id, result: 'saved' }) })
  expect(textOf(answer)).toMatch(/^\d+$/)
  expect((await held).error?.data.code).toBe('answer_unreadable')
  expect(await asks(a)).toMatchObject({ error: { data: { code: 'server_request_refused' } } })
  expect(it.heard().find(({ method }) => method === 'notifications/cancelled')?.params.requestId).toBe(id)
  b.close()
})

test('shared.cancelled: a cancelled call counts as in flight until the child has answered it', async () => {
  const bridge = await bridged(['--children', 'shared', '--', ...fixture('asks-client')])
  const [a, b] = [await openStreamable(bridge, { capabilities: { sampling: {} } }), await openSse(bridge)]
  a.onRequest = () => ({ name: 'a' })
  const sleeping = b.call('sleep', { ms: 60_000 }, { id: 77, signal: AbortSignal.timeout(5000) })
  await eventually(async () => textOf(await a.call('sample'))?.includes('which client') === true, {
    what: 'the call of the other to be under way',
  })
  await b.cancel(77)
  await expect(sleeping).rejects.toThrow(/abort|timeout/i)
  // The child obeys, and so never answers: it may still ask something for the other.
  expect(textOf(await a.call('sample'))).toContain('which client')
})
