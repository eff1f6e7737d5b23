// reload: what has changed is put in force, and nothing else is touched: sessions, processes and calls of the others go on.
import {
  eventually,
  fixture,
  ModernClient,
  Refused,
  StreamableClient,
  tempDir,
  type RpcResponse,
} from '@mcp-bridge/testkit'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ConfigInput } from 'mcp-bridge'
import { embedded, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeft()

type Servers = NonNullable<ConfigInput['servers']>
const command = fixture('echo')
const at = (name: string) => ({ path: `/${name}/mcp` })
const as = (token: string, name: string) => ({
  ...at(name),
  headers: { authorization: `Bearer ${token}` },
})
const resources = () => process.getActiveResourcesInfo().length
const opening = async (port: number, name: string) => {
  const client = new StreamableClient({ port, path: `/${name}/mcp` })
  const { error } = await client.initialize().catch((refused: unknown) => {
    if (refused instanceof Refused) return { error: refused.error } as RpcResponse
    throw refused
  })
  client.close()
  return error?.data.code as string | undefined
}

test('reload.changed: its calls finish, then its sessions end, and whoever comes back has the new one', async () => {
  const bridge = await embedded({ servers: { a: { command, env: { WHO: 'old' } }, b: { command } } })
  const [busy, idle, other] = await Promise.all([
    openStreamable(bridge, at('a')),
    openStreamable(bridge, at('a')),
    openStreamable(bridge, at('b')),
  ])
  const sse = await openSse(bridge, { path: '/a/sse' })
  const pid = textOf(await other.call('pid'))
  const call = busy.call('sleep', { ms: 1500 })
  const onSse = sse.call('sleep', { ms: 1500 })
  // Both are with the tool.
  await Promise.all([busy.call('pid'), sse.call('pid')])
  bridge.reload({ servers: { a: { command, env: { WHO: 'new' } }, b: { command } } })
  // What goes on may still be spoken to; who has nothing in flight has to come back.
  expect(textOf(await busy.call('env', { name: 'WHO' }))).toBe('old')
  await eventually(
    async () => (await idle.post({ jsonrpc: '2.0', id: 'x', method: 'ping' })).status === 404,
    {
      what: 'the end of the session without calls',
    },
  )
  const fresh = await openStreamable(bridge, at('a'))
  expect(textOf(await fresh.call('env', { name: 'WHO' }))).toBe('new')
  expect([textOf(await call), textOf(await onSse)]).toEqual(['slept', 'slept'])
  await eventually(
    async () => (await busy.post({ jsonrpc: '2.0', id: 'x', method: 'ping' })).status === 404,
    {
      what: 'the end of the session that had a call',
    },
  )
  expect(textOf(await other.call('pid'))).toBe(pid)
  expect(bridge.logs.filter(({ msg }) => /^server (changed|added|removed)$/.test(msg))).toMatchObject([
    { server: 'a', msg: 'server changed' },
  ])
})

test('reload.drain: a call that does not end in time is answered, not left', async () => {
  const bridge = await embedded({ drainMs: '300ms', servers: { a: { command } } })
  const client = await openStreamable(bridge, at('a'))
  const call = client.call('sleep', { ms: 60_000 })
  await client.call('pid')
  bridge.reload({ servers: {} })
  expect((await call).error?.message).toContain('this server has been removed')
  expect(await opening(bridge.port, 'a')).toBe('not_found')
})

test('reload.renamed: added, removed and renamed while calls of another go on', async () => {
  const servers: Servers = { kept: { command } }
  const bridge = await embedded({ servers: { ...servers, x: { command } } })
  const kept = await openStreamable(bridge, at('kept'))
  const pid = textOf(await kept.call('pid'))
  await openStreamable(bridge, at('x'))
  for (let round = 0; round < 20; round++) {
    bridge.reload({ servers: { ...servers, [`x${round}`]: { command } } })
    expect(textOf(await kept.call('pid'))).toBe(pid)
    expect(await opening(bridge.port, `x${round}`)).toBeUndefined()
    expect(await opening(bridge.port, 'x')).toBe('not_found')
  }
})

test('reload.wrong: what is wrong as a whole changes nothing; one wrong entry stops no other', async () => {
  const bridge = await embedded({ servers: { a: { command } }, clients: { ann: { token: 'of-ann' } } })
  expect(() => bridge.reload({ servers: { b: { command } }, host: '0.0.0.0', insecure: 'maybe' })).toThrow(
    /insecure/,
  )
  expect(() =>
    bridge.reload({ servers: { b: { command } }, clients: { ann: { token: 'x', envFile: '/no/file' } } }),
  ).toThrow(/no.file/)
  const headers = { authorization: 'Bearer of-ann' }
  const open = (name: string) => openStreamable(bridge, { ...at(name), headers })
  await open('a')
  bridge.reload({
    servers: { a: { command, warm: 'many' }, b: { command } },
    clients: { ann: { token: 'of-ann' } },
  })
  await open('b')
  await expect(open('a')).rejects.toThrow('404')
  expect(bridge.logs).toContainEqual(
    expect.objectContaining({
      server: 'a',
      msg: 'server is not served',
      reason: expect.stringContaining('warm'),
    }),
  )
})

test('reload.clients: a token that is withdrawn ends what it opened; what somebody may use is as it says now', async () => {
  const servers: Servers = { a: { command }, b: { command } }
  const clients = { ann: { token: 'of-ann' }, bob: { token: 'of-bob' } }
  const bridge = await embedded({ servers, clients })
  const ann = await openStreamable(bridge, as('of-ann', 'a'))
  const bob = await openStreamable(bridge, as('of-bob', 'b'))
  bridge.reload({ servers, clients: { ann: { token: 'of-ann', servers: ['a'] } } })
  expect((await bob.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(401)
  // What she may do there is the same as before.
  expect((await ann.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(200)
  await openStreamable(bridge, as('of-ann', 'a'))
  await expect(openStreamable(bridge, as('of-ann', 'b'))).rejects.toThrow('404')
})

test.each([
  ['that has a faulty line', (path: string) => writeFileSync(path, 'nonsense\n')],
  ['that is not there', (path: string) => rmSync(path)],
])(
  'reload.beside: a client that is taken out is out, whatever is wrong with a token file %s',
  async (_, spoil) => {
    const tokenFile = join(tempDir(), 'tokens')
    writeFileSync(tokenFile, 'ann:of-ann\n')
    const servers: Servers = { a: { command } }
    const clients = { ann: {}, bob: { token: 'of-bob' } }
    const bridge = await embedded({ servers, clients, tokenFile })
    const ann = await openStreamable(bridge, as('of-ann', 'a'))
    const bob = await openStreamable(bridge, as('of-bob', 'a'))
    spoil(tokenFile)
    bridge.reload({ servers, clients: { ann: {}, cyd: { token: 'of-cyd' } }, tokenFile })
    expect([await status(ann), await status(bob)]).toEqual([200, 401])
    await openStreamable(bridge, as('of-cyd', 'a'))
    // What cannot be told apart from somebody of the file is no configuration, and changes nothing.
    const twins = { ann: {}, dan: { token: 'of-ann' } }
    expect(() => bridge.reload({ servers, clients: twins, tokenFile })).toThrow(
      'ann and dan have the same token',
    )
    expect(await status(ann)).toBe(200)
    await openStreamable(bridge, as('of-cyd', 'a'))
  },
)

const pidOf = async (client: StreamableClient) => Number(textOf(await client.call('pid')))
const status = async (client: StreamableClient) =>
  (await client.post({ jsonrpc: '2.0', id: 'x', method: 'ping' })).status

test('reload.rights: what is set for one client ends what that client has open there, and nothing else', async () => {
  const servers: Servers = { a: { command }, b: { command, children: 'shared' } }
  const ann = { token: 'of-ann', env: { WHO: 'ann' } }
  const bob = { token: 'of-bob', env: { WHO: 'bob' } }
  const bridge = await embedded({ servers, clients: { ann, bob } })
  const open = (token: string, name: string) => openStreamable(bridge, as(token, name))
  const [annA, annB, bobA, bobB] = await Promise.all([
    open('of-ann', 'a'),
    open('of-ann', 'b'),
    open('of-bob', 'a'),
    open('of-bob', 'b'),
  ])
  const pids = [await pidOf(annA), await pidOf(annB)]
  const call = annA.call('sleep', { ms: 3000 })
  const cut = bobA.call('sleep', { ms: 60_000 })
  const modern = new ModernClient({ ...bridge, ...as('of-bob', 'a') })
  await modern.call('pid')
  const cutToo = modern.call('sleep', { ms: 60_000 })
  await Promise.all([annA, bobA, modern].map((client) => client.call('echo')))

  // Another client joins, with an environment of its own; of the former one may do less at one server.
  const dan = { token: 'of-dan', env: { WHO: 'dan' } }
  const narrowed = { ...bob, servers: { a: { toolsDeny: 'sleep' }, b: {} } }
  bridge.reload({ servers, clients: { ann, bob: narrowed, dan } })
  for (const each of [cut, cutToo])
    expect((await each).error?.message).toContain('what this client may use has changed')
  expect([await status(bobA), await status(bobB)]).toEqual([404, 200])
  expect((await (await open('of-bob', 'a')).call('sleep')).error?.code).toBe(-32602)
  expect((await modern.call('sleep')).error?.code).toBe(-32602)
  expect(textOf(await (await open('of-dan', 'a')).call('env', { name: 'WHO' }))).toBe('dan')

  // Another credential, and a server less.
  const moved = { ...bob, env: { WHO: 'bob again' }, servers: ['b'] }
  bridge.reload({ servers, clients: { ann, bob: moved, dan } })
  expect(await status(bobB)).toBe(404)
  expect(textOf(await (await open('of-bob', 'b')).call('env', { name: 'WHO' }))).toBe('bob again')
  await expect(open('of-bob', 'a')).rejects.toThrow('404')

  expect(textOf(await call)).toBe('slept')
  expect([await pidOf(annA), await pidOf(annB)]).toEqual(pids)
  expect(bridge.logs.filter(({ msg }) => msg === 'server changed')).toEqual([])
  // What holds for all renews the server, and nobody keeps there what was taken away.
  const last = await open('of-ann', 'a')
  const left = last.call('sleep', { ms: 60_000 })
  await last.call('echo')
  bridge.reload({
    servers: { ...servers, a: { command, env: { WHERE: 'x' } } },
    clients: { ann: { ...ann, readOnly: true }, bob: moved, dan },
  })
  expect((await left).error?.message).toContain('what this client may use has changed')
}, 60_000)

test('reload.often: 200 reloads leave as many processes, and no more to look at', async () => {
  const bridge = await embedded({ servers: { kept: { command } } })
  const kept = await openStreamable(bridge, at('kept'))
  const before = resources()
  for (let round = 0; round < 200; round++)
    bridge.reload({
      servers: { kept: { command }, [`x${round % 3}`]: { command, env: { ROUND: String(round) } } },
    })
  bridge.reload({ servers: { kept: { command } } })
  expect(textOf(await kept.call('echo', { text: 'here' }))).toBe('here')
  await eventually(() => resources() <= before + 3, { what: 'timers and sockets as before' })
  await bridge.close()
})
