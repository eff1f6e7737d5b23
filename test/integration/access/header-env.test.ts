// header-env: a credential per client, from its header into the environment of its own child.
import { fixture, send, StreamableClient } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf, WIRES, type Client } from '../clients.ts'

nothingLeft()
const bridge = useBridge([
  ...['--header-env', 'X-Cred=CRED', '--header-env', 'X-Other=OTHER', '--env', 'OTHER=from-the-operator'],
  ...['--', ...fixture('echo')],
])

const PING = '{"jsonrpc":"2.0","id":"mine","method":"ping"}'
const env = async (client: Client, name: string): Promise<string | undefined> =>
  textOf(await client.call('env', { name }))

test('header-env.own: each client has the values of its own headers, on both wires', async () => {
  const names = ['alice', 'bob', 'carol', 'dave']
  const clients = await Promise.all(
    names.map((name, n) =>
      (n % 2 === 0 ? openStreamable : openSse)(bridge, { headers: { 'X-Cred': `of ${name}` } }),
    ),
  )
  expect(await Promise.all(clients.map((client) => env(client, 'CRED')))).toEqual(
    names.map((name) => `of ${name}`),
  )
  for (const client of clients) client.close()
})

test('header-env.own: without the header the variable is what the operator set, or not set at all', async () => {
  const client = await openStreamable(bridge)
  expect([await env(client, 'CRED'), await env(client, 'OTHER')]).toEqual([undefined, 'from-the-operator'])
  const other = await openStreamable(bridge, { headers: { 'x-other': 'from-the-client', 'x-path': '/evil' } })
  expect([await env(other, 'CRED'), await env(other, 'OTHER')]).toEqual([undefined, 'from-the-client'])
  expect(await env(other, 'X_PATH')).toBeUndefined()
})

describe('header-env.bound', () => {
  test.each(WIRES)(
    'header-env.bound: a value that changes within a session is 403, %s',
    async (_name, open) => {
      const client = await open(bridge, { headers: { 'X-Cred': 'first-value' } })
      const reply = await client.post(PING, { 'X-Cred': 'second-value' })
      const { message } = refusal(reply, 403, 'identity_changed')
      expect(reply.json().id).toBe('mine')
      expect(message).toContain('CRED')
      expect(reply.body).not.toMatch(/first-value|second-value/)
      // One that joins later is a change too.
      refusal(await client.post(PING, { 'X-Other': 'new' }), 403, 'identity_changed')
      if (client instanceof StreamableClient) {
        refusal(await client.del({ 'X-Cred': 'second-value' }), 403, 'identity_changed')
        await expect(client.listen({ headers: { 'X-Cred': 'second-value' } })).rejects.toMatchObject({
          status: 403,
        })
      }
      expect(await env(client, 'CRED')).toBe('first-value')
      client.close()
    },
  )

  // Else the id of a session, which is no secret everywhere, would be enough to use somebody's credential.
  test.each(WIRES)(
    'header-env.bound: a header that is missing or empty has changed, too, %s',
    async (_name, open) => {
      const client = await open(bridge, { headers: { 'X-Cred': 'first-value' } })
      for (const value of [null, '']) {
        const reply = await client.post(PING, { 'X-Cred': value })
        expect(refusal(reply, 403, 'identity_changed').message).toContain('CRED')
        if (client instanceof StreamableClient) {
          refusal(await client.del({ 'X-Cred': value }), 403, 'identity_changed')
          await expect(client.listen({ headers: { 'X-Cred': value } })).rejects.toMatchObject({ status: 403 })
        }
      }
      expect(await env(client, 'CRED')).toBe('first-value')
      client.close()
      const without = await open(bridge)
      refusal(await without.post(PING, { 'X-Cred': 'new' }), 403, 'identity_changed')
      expect((await without.post(PING, { 'X-Cred': '' })).status).toBeLessThan(300)
      without.close()
    },
  )
})

test('header-env.secret: values are not logged', async () => {
  const client = await openStreamable(bridge, { headers: { 'X-Cred': 'very-secret' } })
  await client.post(PING, { 'X-Cred': 'also-secret' })
  await send({ port: bridge.port, path: '/nowhere', headers: { 'X-Cred': 'very-secret' } })
  await bridge.running.until(({ path }) => path === '/nowhere')
  expect(bridge.running.stderr).not.toMatch(/very-secret|also-secret/)
})
