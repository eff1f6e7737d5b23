import { createServer } from 'node:http'
import express from 'express'
import request from 'supertest'
import { afterAll, describe, expect, test } from 'vitest'
import { createBridge } from './index.ts'

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
    ['get', '/', 404, 'not_found'],
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

test('the handler works under any path of an express app', async () => {
  const app = express().use('/tools/one', bridge.handler)
  expect((await request(app).get('/tools/one/healthz')).status).toBe(200)
  expect((await request(app).get('/tools/one/sse/x').set('authorization', authorization)).status).toBe(404)
})
