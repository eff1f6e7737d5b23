// mounted: the handler in an express application of somebody's own, among its paths, parsers and error handler.
import express, { type ErrorRequestHandler, type Express } from 'express'
import request from 'supertest'
import { afterAll, describe, expect, test } from 'vitest'
import { createBridge } from '../index.ts'

// Short answers that need no child: nothing is started before a request is let in.
const bridge = createBridge({ command: [process.execPath, '-e', ''], token: 'secret', maxBodyBytes: 1000 })
afterAll(() => bridge.close())

const authorization = 'Bearer secret'
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }

/** What the application's own error handler has been given is in `failures`. */
function hosting(mount: (app: Express) => void): { app: Express; failures: unknown[] } {
  const failures: unknown[] = []
  const app = express()
  mount(app)
  app.use((_req, res) => void res.status(404).send('nothing of the host'))
  app.use(((error: unknown, _req, res, _next) => {
    failures.push(error)
    res.status(500).send('an error of the host')
  }) satisfies ErrorRequestHandler)
  return { app, failures }
}

const MOUNTS: [string, string, (app: Express) => void][] = [
  ['at a path', '/x', (app) => app.use('/x', bridge.handler)],
  ['at a path with a parameter', '/tools/one', (app) => app.use('/tools/:name', bridge.handler)],
  ['at the root', '', (app) => app.use(bridge.handler)],
  ['in a router', '/a/b', (app) => app.use('/a', express.Router().use('/b', bridge.handler))],
  ['in an application', '/a/b', (app) => app.use('/a', express().use('/b', bridge.handler))],
  [
    'behind what rewrites the path',
    '/old',
    (app) =>
      app.use(
        (req, _res, next) => {
          req.url = req.url.replace(/^\/old/, '/new')
          next()
        },
        express.Router().use('/new', bridge.handler),
      ),
  ],
  [
    'behind parsers',
    '/x',
    (app) => app.use(express.json(), express.text(), express.urlencoded(), bridgeAt('/x')),
  ],
]

function bridgeAt(path: string) {
  return express.Router().use(path, bridge.handler)
}

describe.each(MOUNTS)('mounted %s', (_, base, mount) => {
  const { app, failures } = hosting(mount)

  test.each([
    ['get', '/mcp', {}, undefined, 401, 'unauthorized'],
    ['post', '/mcp', {}, ping, 401, 'unauthorized'],
    ['get', '/mcp', { authorization, origin: 'https://evil.example' }, undefined, 403, 'origin_forbidden'],
    ['get', '/nothing', { authorization }, undefined, 404, 'not_found'],
    ['post', '/', { authorization }, ping, 404, 'not_found'],
    ['get', '/', {}, undefined, 401, 'unauthorized'],
    ['put', '/mcp', { authorization }, ping, 405, 'method_not_allowed'],
    ['put', '/MCP/', { authorization }, ping, 405, 'method_not_allowed'],
    ['get', '/mcp', { authorization }, undefined, 400, 'request_invalid'],
    ['post', '/mcp', { authorization }, ping, 400, 'request_invalid'],
    ['post', '/MCP/', { authorization }, { no: 'message' }, 400, 'request_invalid'],
    ['post', '/messages', { authorization }, ping, 400, 'request_invalid'],
    ['post', '/mcp', { authorization, 'content-type': 'text/plain' }, 'x', 415, 'media_type_unsupported'],
    ['post', '/mcp', { authorization }, { pad: 'x'.repeat(2000) }, 413, 'body_too_large'],
  ] as const)(
    '%s %s is refused by the bridge, %o %j: %i %s',
    async (method, path, headers, body, status, code) => {
      const response = await request(app)[method](`${base}${path}`).set(headers).send(body)
      expect([response.status, response.body.error?.data.code]).toEqual([status, code])
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
      expect(failures).toEqual([])
    },
  )

  test('the status is under that path, and its form leads back to where the browser was', async () => {
    const html = { accept: 'text/html' }
    for (const path of ['/', '/status']) {
      const page = await request(app)
        .get(`${base}${path}`)
        .set({ authorization, ...html })
      expect([page.status, page.text]).toEqual([200, expect.stringContaining('mcp-bridge')])
      const form = await request(app).post(`${base}${path}`).type('form').send({ token: 'secret' })
      expect([form.status, form.headers['location']]).toEqual([303, `.${path}`])
    }
    expect(failures).toEqual([])
  })

  test('health is under that path, too', async () => {
    expect((await request(app).get(`${base}/healthz`)).body).toEqual({ status: 'ok' })
    expect((await request(app).get(`${base}/readyz?x=1`)).status).toBe(503)
  })
})

test('all other paths are the application’s, and so are its errors', async () => {
  const { app, failures } = hosting((host) => {
    host.use(express.json())
    host.use('/x', bridge.handler)
    host.get('/page', (_req, res) => void res.send('a page'))
  })
  expect((await request(app).get('/page')).text).toBe('a page')
  expect((await request(app).get('/xy')).text).toBe('nothing of the host')
  const json = { 'content-type': 'application/json', authorization }
  expect((await request(app).post('/x/mcp').set(json).send('{"no json')).text).toBe('an error of the host')
  expect(failures).toHaveLength(1)
})
