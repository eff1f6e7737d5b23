// server-card: what a client may know of a tool before it connects (SEP-2127), and who may.
import { fileURLToPath } from 'node:url'
import { fixture, send } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { embedded, nothingLeft, useBridge } from '../bridges.ts'
import { refusal } from '../clients.ts'

nothingLeft()
const TALKATIVE = ['node', fileURLToPath(new URL('./says-much.ts', import.meta.url))]
const bridge = useBridge(['--', ...fixture('echo')])

/** Schema v1, with nothing that it does not know. */
const INPUT = {
  description: z.string().optional(),
  isRequired: z.boolean().optional(),
  isSecret: z.boolean().optional(),
  value: z.string().optional(),
}
const CARD = z.strictObject({
  $schema: z.literal('https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json'),
  name: z
    .string()
    .min(3)
    .max(200)
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
  version: z.string().max(255),
  description: z.string().min(1).max(100),
  title: z.string().min(1).max(100).optional(),
  websiteUrl: z.url().optional(),
  icons: z
    .array(
      z.strictObject({
        src: z.url(),
        mimeType: z.string().optional(),
        sizes: z.array(z.string()).optional(),
        theme: z.enum(['light', 'dark']).optional(),
      }),
    )
    .optional(),
  remotes: z.array(
    z.strictObject({
      type: z.enum(['streamable-http', 'sse']),
      url: z.string().regex(/^https?:\/\/\S+$/),
      headers: z
        .array(
          z.strictObject({
            name: z.string(),
            ...INPUT,
            variables: z.record(z.string(), z.strictObject(INPUT)).optional(),
          }),
        )
        .optional(),
      supportedProtocolVersions: z.array(z.string()),
    }),
  ),
})

async function cardAt(port: number, path = '/mcp/server-card', headers: Record<string, string> = {}) {
  const reply = await send({ port, path, headers: { host: `127.0.0.1:${port}`, ...headers } })
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/mcp-server-card+json'])
  return { card: CARD.parse(JSON.parse(reply.body)), reply }
}

test('card.basis: who the tool is, both wires with what they speak, and no word of what it offers', async () => {
  const { port } = bridge
  const { card, reply } = await cardAt(port)
  expect(card).toMatchObject({ name: '127.0.0.1/echo', version: expect.stringMatching(/^\d/) })
  expect(card.remotes.map(({ type, url, headers }) => [type, url, headers])).toEqual([
    ['streamable-http', `http://127.0.0.1:${port}/mcp`, undefined],
    ['sse', `http://127.0.0.1:${port}/sse`, undefined],
  ])
  const legacy = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']
  expect(card.remotes.map((remote) => remote.supportedProtocolVersions)).toEqual([
    ['2026-07-28', ...legacy],
    legacy,
  ])
  expect(reply.headers['cache-control']).toBe('public, max-age=60')
  const head = await send({ port, path: '/mcp/server-card', method: 'HEAD' })
  expect([head.status, head.body]).toEqual([200, ''])
  const post = await send({ port, path: '/mcp/server-card', method: 'POST' })
  expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD'])
})

test('card.etag: who has it is told so, also through a proxy that packs', async () => {
  const { reply } = await cardAt(bridge.port)
  const etag = String(reply.headers.etag)
  for (const tag of [etag, `"other", W/${etag}`]) {
    const headers = { 'if-none-match': tag, host: `127.0.0.1:${bridge.port}` }
    const again = await send({ port: bridge.port, path: '/mcp/server-card', headers })
    expect([again.status, again.body]).toEqual([304, ''])
  }
})

test('card.self: what a tool says of itself is cut to what a card has room for', async () => {
  const { port } = await embedded({ command: TALKATIVE, allowHost: ['tools.lan.example'] })
  const { card } = await cardAt(port, '/mcp/server-card', {
    host: 'tools.lan.example',
    'x-forwarded-proto': 'https',
  })
  expect(card).toMatchObject({
    name: 'example.lan.tools/forecast-tool',
    version: '2.1.0',
    title: 'Weather',
    description: `${'ä'.repeat(99)}…`,
    websiteUrl: 'https://weather.example/about',
    icons: [{ src: 'https://weather.example/icon.png', mimeType: 'image/png', sizes: ['48x48'] }],
  })
  expect(card.remotes[0]?.url).toBe('https://tools.lan.example/mcp')
})

test('card.token: it is for whoever may use the tool, and says what is to be sent, never what is set', async () => {
  const { port } = await embedded({
    servers: { weather: { command: TALKATIVE, headerEnv: { 'X-Weather-Key': 'WEATHER_KEY' } } },
    clients: { ann: { token: 'ann-token-0123456789' }, bob: { token: 'bob-token-0123456789', servers: {} } },
  })
  const path = '/weather/mcp/server-card'
  const bob = { 'x-api-key': 'bob-token-0123456789' }
  refusal(await send({ port, path }), 401, 'unauthorized')
  refusal(await send({ port, path, headers: bob }), 404, 'not_found')
  const { card, reply } = await cardAt(port, path, { authorization: 'Bearer ann-token-0123456789' })
  expect(card.name).toBe('127.0.0.1/weather')
  expect(card.remotes[0]?.headers).toMatchObject([
    { name: 'Authorization', value: 'Bearer {token}', isRequired: true, isSecret: true },
    { name: 'x-weather-key', isSecret: true },
  ])
  expect(reply.body).not.toContain('ann-token')
  expect(reply.headers['cache-control']).toBe('private, max-age=60')
})

test('card.down: of a tool that cannot start there is none', async () => {
  const { port } = await embedded({ servers: { gone: { command: ['/nowhere/tool'] } } })
  const reply = await send({ port, path: '/gone/mcp/server-card' })
  expect(refusal(reply, 502, 'child_spawn_failed').message).toBe('the tool cannot be started')
})

test('card.well-known: that nothing is at a well-known path is no refusal to log', async () => {
  const { running, port } = bridge
  for (const path of ['/.well-known/oauth-protected-resource/mcp', '/mcp/.well-known/openid-configuration'])
    refusal(await send({ port, path }), 404, 'not_found')
  refusal(await send({ port, path: '/elsewhere' }), 404, 'not_found')
  await running.until(({ path }) => path === '/elsewhere')
  expect(running.logs.filter(({ path }) => String(path).includes('well-known'))).toEqual([])
})
