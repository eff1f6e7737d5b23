// filters-ending: what waits for the list of a filter is answered when the child ends, and given up when its client does.
import { fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeft()

test.each(['session', 'shared', 'pool'] as const)(
  'filters.ending: %s: a call that waits for the list of a child that dies has an error of its own',
  async (children) => {
    const bridge = await embedded(
      {
        command: fixture('odd-endings', 'dies-listing'),
        children,
        readOnly: true,
        warm: 0,
        onCrash: 'restart',
      },
      {},
    )
    const client = await openStreamable(bridge)
    const { id, error } = await client.call('late', {}, { id: 41 })
    expect(id).toBe(41)
    expect(['child_exited', 'session_unknown']).toContain(error?.data.code)
    await bridge.close()
  },
)

test('filters.pages: whoever cancels a list gives up its further pages too', async () => {
  const bridge = await bridged([
    ...['--children', 'pool', '--max-children', '1', '--warm', '0', '--compat', 'litellm'],
    ...['--start-timeout', '40s', '--', ...fixture('odd-endings', 'endless-page')],
  ])
  const client = await openStreamable(bridge)
  const listing = client.request('tools/list', {}, { id: 7 })
  listing.catch(() => {})
  await bridge.until(({ line }) => line === 'the second page is asked for')
  await client.cancel(7)
  const from = performance.now()
  expect(textOf(await client.call('echo', { text: 'mine' }))).toBe('mine')
  expect(performance.now() - from).toBeLessThan(20_000)
})

test('one-page: where a further page cannot be had, the first is there with its cursor, and who reads on is told why', async () => {
  const bridge = await bridged(['--one-page', '--', ...fixture('odd-endings', 'torn-page')])
  const client = await openStreamable(bridge)
  const { result } = await client.request('tools/list')
  expect(result).toMatchObject({ tools: [{ name: 'late' }], nextCursor: 'more' })
  const { error } = await client.request('tools/list', { cursor: result.nextCursor })
  expect(error?.message).toContain('the rest is torn')
})
