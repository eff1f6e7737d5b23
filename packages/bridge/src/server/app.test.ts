import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fc from 'fast-check'
import request from 'supertest'
import { afterAll, describe, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { createBridge } from '../index.ts'

// Short answers that need no child: nothing is started before a request passes the gates.
const bridge = createBridge({ command: [process.execPath, '-e', ''], token: 'secret' })
afterAll(() => bridge.close())

const agent = request(createServer(bridge.handler))
const authorization = 'Bearer secret'

test('health needs neither token nor a known Host', async () => {
  await agent.get('/healthz').set('host', 'elsewhere.example').expect(200, { status: 'ok' })
  const ready = await agent.get('/readyz').set('host', 'elsewhere.example')
  expect(ready.status).toBe(503)
  expect(ready.body).toMatchObject({ status: 'starting' })
})

describe('what is refused is refused as JSON-RPC', () => {
  test.each([
    ['get', '/nowhere', 404, 'not_found'],
    ['post', '/', 404, 'not_found'],
    ['get', '/mcp/x', 404, 'not_found'],
    ['put', '/mcp', 405, 'method_not_allowed'],
    ['head', '/sse', 405, undefined],
    ['post', '/sse', 405, 'method_not_allowed'],
    ['get', '/messages', 405, 'method_not_allowed'],
    ['get', '/mcp', 400, 'request_invalid'],
    ['delete', '/mcp', 400, 'request_invalid'],
    ['post', '/messages', 400, 'request_invalid'],
  ] as const)('%s %s → %i', async (method, path, status, code) => {
    const sent = agent[method](path).set('authorization', authorization)
    const response = await (method === 'post' ? sent.send({ jsonrpc: '2.0', id: 1, method: 'ping' }) : sent)
    expect(response.status).toBe(status)
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
    if (method !== 'head') expect(response.body).toMatchObject({ jsonrpc: '2.0', error: { data: { code } } })
    if (status === 405) expect(response.headers['allow']).toMatch(/GET|POST/)
  })
})

test('without the token 401 and how to send it, before anything is said about the path', async () => {
  const response = await agent.get('/nothing-here')
  expect(response.status).toBe(401)
  expect(response.headers['www-authenticate']).toContain('Bearer')
})

test('a Host that is not ours is named, with the flag that admits it', async () => {
  const response = await agent.get('/mcp').set('host', 'evil.example:8000').expect(403)
  expect(response.body.error).toMatchObject({ message: expect.stringContaining('evil.example') })
  expect(response.body.error.data.hint).toContain('--allow-host evil.example')
})

const SEGMENT = fc.string({
  unit: fc.constantFrom(..."ab_.~%!$&'+,;=@-2F"),
  minLength: 1,
  maxLength: 6,
})

test('every path that the configuration takes is served, and only as it stands', async () => {
  const paths = fc.array(SEGMENT, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`)
  await fc.assert(
    fc.asyncProperty(paths, async (mcpPath) => {
      fc.pre(configSchema.safeParse({ command: ['x'], mcpPath }).success)
      const bridge = createBridge({
        command: [process.execPath, '-e', ''],
        mcpPath,
        ssePath: '/0',
        messagePath: '/1',
      })
      const server = createServer(bridge.handler).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const statusOf = async (path: string, method: string) => {
        // Not fetch, which would write the path anew.
        const req = httpRequest({
          port: (server.address() as AddressInfo).port,
          path,
          method,
          agent: false,
        }).end()
        const [res] = (await once(req, 'response')) as [IncomingMessage]
        res.resume()
        return res.statusCode
      }
      try {
        for (const path of [mcpPath, `${mcpPath}/`, `${mcpPath}?x=1`])
          expect([path, await statusOf(path, 'PUT')]).toEqual([path, 405])
        expect(await statusOf(mcpPath, 'DELETE')).toBe(400)
        expect(await statusOf(`${mcpPath}x`, 'PUT')).toBe(404)
      } finally {
        server.close()
        await bridge.close()
      }
    }),
    { numRuns: 60, examples: [['/a+b'], ['/a!'], ['/a@b;c=1'], ['/%'], ['/a.b']] },
  )
})

test('a reason is for who may ask, and for no page that has rebound a name', async () => {
  const open = createBridge({ command: [process.execPath, '-e', ''] })
  const asked = (headers: Record<string, string>) =>
    request(createServer(open.handler)).get('/readyz').set(headers)
  expect((await asked({})).body).toHaveProperty('reason')
  for (const headers of [
    { host: 'evil.example' },
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
  ])
    expect([503, (await asked(headers as Record<string, string>)).body]).toEqual([
      503,
      { status: 'starting' },
    ])
  await open.close()
})

test('the handler works under any path of an express app', async () => {
  const app = express().use('/tools/one', bridge.handler)
  expect((await request(app).get('/tools/one/healthz')).status).toBe(200)
  expect((await request(app).get('/tools/one/sse/x').set('authorization', authorization)).status).toBe(404)
})
