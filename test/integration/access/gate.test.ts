// gate: who may knock: Host and Origin, what browsers are told, and that nobody listens beyond loopback unprotected.
import {
  fixture,
  listeningPorts,
  runBridge,
  send,
  type Headers,
  type Reply,
  type RunningBridge,
  type Sent,
} from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()
const TOOL = ['--', ...fixture('echo')] as const
const bridge = useBridge(TOOL)
const open = useBridge([
  ...['--allow-host', 'tools.example', '--allow-host', 'Second.Example'],
  ...['--allow-origin', 'https://app.example', '--cors'],
  ...['--header-env', 'X-Cred=CRED', ...TOOL],
])
const anyone = useBridge(['--allow-host', '*', '--allow-origin', '*', ...TOOL])

const ENDPOINTS: Omit<Sent, 'port'>[] = [
  { path: '/mcp', method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' },
  { path: '/mcp', method: 'GET' },
  { path: '/mcp', method: 'DELETE' },
  { path: '/mcp', method: 'OPTIONS' },
  { path: '/sse', method: 'GET' },
  { path: '/messages?sessionId=x', method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' },
  { path: '/nowhere', method: 'GET' },
]

const list = (text: unknown) => String(text).toLowerCase().split(/, */)

const knock = ({ port }: { port: number }, headers: Headers): Promise<Reply[]> =>
  Promise.all(ENDPOINTS.map((endpoint) => send({ ...endpoint, port, headers })))

describe('host.refused', () => {
  const EVIL = [
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '[::2]',
  ]

  test.each(EVIL)('host.refused: %s is 403 everywhere, naming it and the flag', async (host) => {
    for (const reply of await knock(bridge, { host })) {
      const error = refusal(reply, 403, 'host_forbidden')
      expect(error.message).toContain(`"${host}"`)
      expect(error.data.hint).toContain(`--allow-host ${host.replace(/:80$/, '').replace(/[[\]]/g, '')}`)
    }
  })

  test('host.refused: names of this machine pass with any port, in any case', async () => {
    const names = [
      'localhost',
      'LOCALHOST:1',
      'localhost.',
      '127.0.0.1:99',
      '127.0.0.2',
      '[::1]',
      '[::1]:8000',
    ]
    for (const host of names) expect(await admitted({ host })).toContain('Mcp-Session-Id')
  })

  test('host.refused: --allow-host admits what it names, and nothing else', async () => {
    for (const host of ['tools.example', 'TOOLS.example:8443', 'second.example', 'localhost']) {
      expect((await post(open, { host })).status).toBe(400)
    }
    refusal(await post(open, { host: 'third.example' }), 403, 'host_forbidden')
    expect((await post(anyone, { host: 'third.example' })).status).toBe(400)
  })
})

/** Whether nobody has opened a session here yet: the log keeps its order, and is written when there is time for it. */
async function isFresh(fresh: RunningBridge): Promise<boolean> {
  const client = await openStreamable(fresh)
  expect(textOf(await client.call('echo', { text: 'served' }))).toBe('served')
  const opened = await fresh.until(({ msg }) => msg === 'session opened')
  return opened['sessionId'] === client.sessionId?.slice(0, 8)
}

describe('origin.refused', () => {
  const EVIL = [
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'http://[::1].evil.example',
    'file://',
  ]

  test.each(EVIL)('origin.refused: %s is 403 everywhere, naming it and the flag', async (origin) => {
    for (const reply of await knock(bridge, { origin })) {
      const error = refusal(reply, 403, 'origin_forbidden')
      expect(error.message).toContain(`"${origin}"`)
      expect(error.data.hint).toContain(`--allow-origin ${origin}`)
    }
  })

  test('origin.refused: a page may be admitted that has no host', async () => {
    for (const origin of ['null', 'file://']) {
      const { port } = await bridged(['--allow-origin', origin, '--cors', ...TOOL])
      const client = await openStreamable({ port }, { headers: { origin } })
      expect(client.streams[0]?.headers['access-control-allow-origin']).toBe(origin)
      refusal(await post({ port }, { origin: 'https://evil.example' }), 403, 'origin_forbidden')
    }
  })

  test('origin.refused: a picture or link of another site opens nothing', async () => {
    const fresh = await bridged(TOOL)
    for (const site of ['cross-site', 'same-site']) {
      for (const reply of await knock(fresh, { 'sec-fetch-site': site }))
        refusal(reply, 403, 'origin_forbidden')
    }
    expect(await isFresh(fresh)).toBe(true)
    for (const site of ['none', 'same-origin'])
      expect(await admitted({ 'sec-fetch-site': site })).toContain('Mcp-Session-Id')
    // Another site that is admitted says who it is.
    const page = { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }
    expect((await post(open, page)).status).toBe(400)
    refusal(await post(open, { ...page, origin: 'https://evil.example' }), 403, 'origin_forbidden')
  })

  test('origin.refused: pages of this machine pass, and who sends none', async () => {
    for (const origin of ['http://localhost:3000', 'https://127.0.0.1', 'http://[::1]:5173'])
      expect(await admitted({ origin })).toContain('Mcp-Session-Id')
  })

  test('origin.refused: --allow-origin admits exactly that scheme, host and port', async () => {
    expect((await post(open, { origin: 'https://app.example' })).status).toBe(400)
    for (const origin of ['http://app.example', 'https://app.example:8443', 'https://x.app.example']) {
      refusal(await post(open, { origin }), 403, 'origin_forbidden')
    }
    expect((await post(anyone, { origin: 'https://x.example' })).status).toBe(400)
  })
})

describe('cors', () => {
  const origin = 'https://app.example'

  test('cors.off: no page is told that it may read, and a preflight is no business of ours', async () => {
    const page = 'http://localhost:3000'
    const reply = await post(bridge, { origin: page })
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    const preflight = { origin: page, 'access-control-request-method': 'POST' }
    refusal(
      await send({ port: bridge.port, path: '/mcp', method: 'OPTIONS', headers: preflight }),
      405,
      'method_not_allowed',
    )
  })

  test('cors.preflight: names the methods and the headers that clients send', async () => {
    for (const path of ['/mcp', '/sse', '/messages']) {
      const headers = { origin, 'access-control-request-method': 'DELETE' }
      const reply = await send({ port: open.port, path, method: 'OPTIONS', headers })
      expect([reply.status, reply.body, reply.headers['access-control-allow-origin']]).toEqual([
        204,
        '',
        origin,
      ])
      expect(list(reply.headers['access-control-allow-methods'])).toEqual(
        expect.arrayContaining(['get', 'post', 'delete']),
      )
      const allowed = list(reply.headers['access-control-allow-headers'])
      const needed = [
        'content-type',
        'accept',
        'authorization',
        'x-api-key',
        'mcp-session-id',
        'mcp-protocol-version',
      ]
      expect(allowed).toEqual(expect.arrayContaining([...needed, 'last-event-id', 'x-cred']))
    }
  })

  test('cors.exposed: answers, refusals and streams can be read, and the session id with them', async () => {
    const headers = { origin }
    const client = await openStreamable(open, { headers })
    const get = await client.listen()
    const refused = await client.post('{}')
    const sse = await openSse(open, { headers })
    for (const each of [client.streams[0]!, get, refused, sse.stream!]) {
      expect(each.headers['access-control-allow-origin']).toBe(origin)
      expect(list(each.headers['access-control-expose-headers'])).toContain('mcp-session-id')
      expect(list(each.headers.vary)).toContain('origin')
    }
    sse.close()
  })

  test('cors.exposed: not for a page that is not admitted, preflight or not, nor for who is no page', async () => {
    for (const method of ['OPTIONS', 'POST']) {
      const reply = await send({
        port: open.port,
        path: '/mcp',
        method,
        headers: { origin: 'https://evil.example' },
      })
      refusal(reply, 403, 'origin_forbidden')
      expect(reply.headers['access-control-allow-origin']).toBeUndefined()
    }
    expect((await post(open, {})).headers['access-control-allow-origin']).toBeUndefined()
  })
})

test('host.refused: the addresses that the banner names are served, names that lead there are not', async () => {
  const { port, stdout } = await bridged(['--insecure', '--host', '0.0.0.0', ...TOOL])
  const named = [...stdout.matchAll(/from the LAN +http:\/\/([\d.]+):/g)].map(([, address]) =>
    String(address),
  )
  for (const host of [...named, '127.0.0.1']) {
    expect((await post({ port }, { host: `${host}:${port}` })).status).toBe(400)
    refusal(await post({ port }, { host: `${host}.evil.example` }), 403, 'host_forbidden')
  }
  refusal(await post({ port }, { host: '192.0.2.200' }), 403, 'host_forbidden')
})

describe('listener.loopback', () => {
  test('listener.loopback: 127.0.0.1 unless told otherwise', async () => {
    expect(bridge.running.logs.find(({ msg }) => msg === 'listening')?.['host']).toBe('127.0.0.1')
    expect(listeningPorts(bridge.running.pid)).toEqual([bridge.port])
    const other = send({ port: bridge.port, path: '/healthz', host: '127.0.0.2' })
    await expect(other).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('listener.loopback: another loopback address, and by that name', async () => {
    const { port } = await bridged(['--host', '127.0.0.2', '--sse-path', '/only-of-this-test', ...TOOL])
    const headers = { host: `127.0.0.2:${port}` }
    const path = '/only-of-this-test'
    expect((await send({ port, host: '127.0.0.2', path, method: 'POST', headers })).status).toBe(405)
    // Another test may have the same port of the usual address; then it is another who answers.
    const elsewhere = await send({ port, path, method: 'POST' }).then(
      ({ status }) => status,
      ({ code }) => code,
    )
    expect(elsewhere).not.toBe(405)
  })

  test.each(['0.0.0.0', '::', '192.0.2.1', 'tools.example'])(
    'listener.loopback: --host %s needs a token or --insecure',
    async (host) => {
      const run = await runBridge(['--host', host, '--port', '0', '--log-level', 'info', ...TOOL])
      expect(run.code).toBe(2)
      expect(run.stderr).toContain('--token')
      expect(run.stderr).toContain('--insecure')
      expect(run.stderr).not.toContain('listening')
    },
  )
})

const post = ({ port }: { port: number }, headers: Headers): Promise<Reply> =>
  send({ ...ENDPOINTS[0], port, headers })

/** What an admitted knock gets: the gate let it pass, and there is no session. */
const admitted = async (headers: Headers): Promise<string> =>
  (await post(bridge, headers)).json().error.message

test('host.refused: nobody who is refused has cost a session', async () => {
  const fresh = await bridged(TOOL)
  await knock(fresh, { host: 'evil.example' })
  expect(await isFresh(fresh)).toBe(true)
})
