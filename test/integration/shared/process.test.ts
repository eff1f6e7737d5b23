// process: one for everybody, but for whoever brings an environment of their own; how long it lives.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, isAlive, SseClient, StreamableClient, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, type Client } from '../clients.ts'

nothingLeft()

const SHARED = ['--children', 'shared']

async function who(client: Client): Promise<string | undefined> {
  return textOf(await client.call('env', { name: 'WHO' }))
}

test('child.sessions: 1,000 sessions on both wires, ended in every way there is: one process, not one more', async () => {
  const bridge = await bridged([...SHARED, '--max-sessions', '1100', '--', ...fixture('odd-tools')])
  const processes = new Set<string | undefined>()
  let left = 1000
  const work = async (): Promise<void> => {
    for (let n = left--; n > 0; n = left--) {
      const client = await (n % 2 === 0 ? openStreamable : openSse)(bridge)
      processes.add(textOf(await client.call('pid')))
      if (client instanceof StreamableClient && n % 4 === 0) expect((await client.del()).status).toBe(204)
      else client.close()
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  expect([...processes]).toEqual(bridge.childPids.map(String))
  const ended = () => bridge.logs.filter(({ msg }) => msg === 'session closed').length
  // Of 250 that said nothing when they left, a session stays behind until it is idle.
  await eventually(() => ended() === 750, { what: 'the sessions of those who said that they leave to end' })
})

test('shared.environment: who brings an environment of its own has a child of its own', async () => {
  const config = join(tempDir(), 'bridge.yaml')
  writeFileSync(
    config,
    'clients:\n  ann: { token: token-of-ann, env: { WHO: ann } }\n  bob: { token: token-of-bob, env: { WHO: bob } }\n',
  )
  const bridge = await bridged([...SHARED, '--config', config, '--', ...fixture('echo')])
  const open = (token: string) => openStreamable(bridge, { headers: { authorization: `Bearer ${token}` } })
  const [ann, bob, again] = [
    await open('token-of-ann'),
    await open('token-of-bob'),
    await open('token-of-ann'),
  ]
  expect([await who(ann), await who(bob), await who(again)]).toEqual(['ann', 'bob', 'ann'])
  expect(textOf(await again.call('pid'))).toBe(textOf(await ann.call('pid')))
})

test('shared.lock: a tool that cannot run twice serves everybody', async () => {
  const lock = join(tempDir(), 'lock')
  const bridge = await bridged([...SHARED, '--warm', '0', '--', ...fixture('refuses-second', lock)])
  const clients = [await openStreamable(bridge), await openSse(bridge)]
  for (const client of clients) expect(textOf(await client.call('echo', { text: 'one' }))).toBe('one')
})

test('child.idle: a child for one environment ends when nobody has been there for a while, ghosts do not count', async () => {
  const start = ['sh', '-c', 'sleep 1; exec "$@"', 'sh', ...fixture('echo')]
  const bridge = await bridged([...SHARED, '--idle', '3s', '--header-env', 'X-Who=WHO', '--', ...start])
  const headers = { 'x-who': 'ann' }
  // Gone before the tool has answered for the first time.
  const ghost = new SseClient({ port: bridge.port, headers })
  await ghost.connect()
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'ghost', version: '0' },
  }
  expect((await ghost.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params })).status).toBe(202)
  ghost.close()
  const [ann, bob] = await Promise.all(
    [headers, { 'x-who': 'bob' }].map((each) => openStreamable(bridge, { headers: each })),
  )
  const ask = (tool: string) =>
    Promise.all([ann, bob].map(async (each) => textOf(await each!.call(tool, { name: 'WHO' }))))
  expect(await ask('env')).toEqual(['ann', 'bob'])
  const [pid, others] = await ask('pid')
  expect(pid).not.toBe(others)
  await ann?.del()
  await eventually(() => !isAlive(Number(pid)), { what: 'the child of whoever left to end' })
  const again = await openStreamable(bridge, { headers })
  expect(textOf(await again.call('env', { name: 'WHO' }))).toBe('ann')
})
