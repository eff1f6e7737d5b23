// health: /healthz says that the process answers, /readyz whether a child can be started and initialised.
import { eventually, fixture, send, StreamableClient, type Reply } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft, useBridge } from '../bridges.ts'
import { openStreamable, refusal } from '../clients.ts'

nothingLeft()
const bridge = useBridge(['--token', 'secret', '--', ...fixture('echo')])

const get = ({ port }: { port: number }, path: string, headers = {}): Promise<Reply> =>
  send({ port, path, headers })

describe.each(['/healthz', '/readyz'])('health of %s', (path) => {
  test('health.open: needs neither token nor Host nor Origin', async () => {
    await eventually(async () => (await get(bridge, '/readyz')).status === 200, { what: 'readiness' })
    for (const headers of [
      {},
      { host: 'pod.internal' },
      { origin: 'https://evil.example' },
      { authorization: 'Bearer x' },
    ]) {
      const reply = await get(bridge, path, headers)
      expect(reply.status).toBe(200)
      expect(reply.headers['content-type']).toMatch(/^application\/json/)
      expect(reply.headers['cache-control']).toBe('no-store')
      expect(['ok', 'ready']).toContain(reply.json().status)
    }
  })

  test('health.open: GET only', async () => {
    const reply = await send({ port: bridge.port, path, method: 'POST' })
    refusal(reply, 405, 'method_not_allowed')
    expect(reply.headers.allow).toContain('GET')
  })
})

test('health.ready: 503 with the reason until the tool has answered, then 200; a client waits meanwhile', async () => {
  const slow = await bridged(['--warm', '0', '--', ...fixture('slow-start', '2500')])
  const early = await get(slow, '/readyz')
  expect(early.status).toBe(503)
  expect(early.json()).toMatchObject({ status: 'starting', reason: expect.stringContaining('initialize') })
  expect((await get(slow, '/healthz')).json()).toEqual({ status: 'ok' })
  const client = openStreamable(slow)
  await eventually(async () => (await get(slow, '/readyz')).status === 200, { what: 'readiness' })
  expect((await get(slow, '/readyz')).json()).toEqual({ status: 'ready' })
  expect((await client).sessionId).toBeDefined()
})

test('health.ready: a tool that needs what --header-env brings does not keep the bridge from being ready', async () => {
  const { port } = await bridged([
    '--header-env',
    'X-Key=KEY',
    '--',
    ...fixture('dies-at-start', '--needs', 'KEY'),
  ])
  const ready = await eventually(async () => (await get({ port }, '/readyz')).status === 200, {
    what: 'readiness',
  })
  expect(ready).toBe(true)
  expect((await openStreamable({ port }, { headers: { 'X-Key': 'mine' } })).sessionId).toBeDefined()
  const keyless = await new StreamableClient({ port }).initialize()
  expect(keyless.error?.data).toMatchObject({ code: 'child_exited', stderr: ['KEY is not set'] })
})
