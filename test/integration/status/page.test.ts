// page: the status page as HTTP: what it may load, the form and its cookie, and who else uses its paths.
import { fixture, send, type Headers, type Reply } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()

const PAGE = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' }

/** As a browser sends the form. */
function sendForm(port: number, fields: Record<string, string>, headers: Headers = {}): Promise<Reply> {
  const form = { 'content-type': 'application/x-www-form-urlencoded', origin: `http://127.0.0.1:${port}` }
  const body = new URLSearchParams(fields).toString()
  return send({ port, path: '/status', method: 'POST', headers: { ...PAGE, ...form, ...headers }, body })
}

function cookieOf({ headers }: Reply): string {
  return (headers['set-cookie']?.[0] ?? '').split(';')[0] ?? ''
}

test('page.csp: it loads nothing from elsewhere, runs nothing but its own script, and stands in no frame', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  const { headers, body, status } = await send({ port: bridge.port, headers: PAGE })
  expect(status).toBe(200)
  const policy = String(headers['content-security-policy'])
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^ ;]+'; script-src 'sha256-[^ ;]+';/)
  expect(policy).not.toContain('unsafe')
  expect(policy).toContain("frame-ancestors 'none'")
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
  })
  expect(body).not.toMatch(/<(?:script|img|link|iframe)[^>]+(?:src|href)="(?!data:)/)
  expect(body).not.toMatch(/\son\w+=|\sstyle=|javascript:/)
})

test('page.escape: what a client and a tool call themselves, and what stderr says, is text', async () => {
  const hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e'
  const bridge = await bridged([
    ...['--children', 'session', '--warm', '0', '--', ...fixture('crashes-after', '0')],
  ])
  const client = await openStreamable(bridge, { clientInfo: { name: hostile, version: hostile } })
  const { body } = await send({ port: bridge.port, headers: PAGE })
  expect(body.match(/<script/g)).toHaveLength(1)
  expect(body).not.toMatch(/<img|\u202e/)
  expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  await client.del()
})

test('page.etag: who has seen it is told that nothing has changed', async () => {
  const bridge = await bridged(['--host', '0.0.0.0', '--insecure', '--', ...fixture('echo')])
  for (const accept of ['text/html', 'application/json']) {
    const first = await send({ port: bridge.port, path: '/status', headers: { accept } })
    const etag = String(first.headers.etag)
    const again = await send({
      port: bridge.port,
      path: '/status',
      headers: { accept, 'if-none-match': etag },
    })
    expect([first.status, again.status, again.body]).toEqual([200, 304, ''])
  }
  const head = await send({ port: bridge.port, path: '/status', method: 'HEAD' })
  expect([head.status, head.body]).toEqual([200, ''])
})

test('page.form: a token gives a cookie that shows the page, is no token, and goes with it', async () => {
  const bridge = await bridged(['--token', 'tökén', '--', ...fixture('echo')])
  const { port } = bridge
  const wrong = await sendForm(port, { token: 'guess' })
  expect([wrong.status, wrong.headers['set-cookie']]).toEqual([401, undefined])
  expect(wrong.body).toContain('this token is not known')
  await bridge.until(({ msg, code }) => msg === 'request refused' && code === 'unauthorized')

  const right = await sendForm(port, { token: 'tökén' })
  expect([right.status, right.headers.location]).toEqual([303, './status'])
  expect(String(right.headers['set-cookie'])).toMatch(/; Max-Age=3600; HttpOnly; SameSite=Strict$/)
  const cookie = cookieOf(right)
  expect(cookie).not.toContain('tökén')
  const page = await send({ port, path: '/', headers: { ...PAGE, cookie } })
  expect(page.status).toBe(200)
  expect(page.body).not.toMatch(/tökén/)
  expect(page.body).toContain('YOUR_TOKEN')

  // It is good for nothing else.
  refusal(await send({ port, path: '/mcp', headers: { cookie } }), 401, 'unauthorized')

  await sendForm(port, { leave: '1' }, { cookie })
  expect((await send({ port, headers: { ...PAGE, cookie } })).status).toBe(401)
})

test('page.form: it is taken under any name by which the page was reached, and from no other page', async () => {
  const bridge = await bridged(['--host', '0.0.0.0', '--token', 'a-secret', '--', ...fixture('echo')])
  const { port } = bridge
  const named = { host: 'tools.example:8000', origin: 'http://tools.example:8000' }
  expect((await sendForm(port, { token: 'a-secret' }, named)).status).toBe(303)
  const elsewhere = { host: 'tools.example:8000', origin: 'https://evil.example' }
  refusal(await sendForm(port, { token: 'a-secret' }, elsewhere), 403, 'origin_forbidden')
  const long = await sendForm(port, { token: 'x'.repeat(20_000) }, named)
  refusal(long, 413, 'body_too_large')
})

test('page.path: what a tool has been given is the tool’s', async () => {
  const bridge = await bridged(['--mcp-path', '/', '--sse-path', '/status', '--', ...fixture('echo')])
  const client = await openStreamable(bridge, { path: '/' })
  expect(textOf(await client.call('echo', { text: 'here' }))).toBe('here')
  refusal(await send({ port: bridge.port, headers: PAGE }), 400, 'request_invalid')
  await client.del()
})

test('page.clients: an MCP client that tries the root is still told where to go', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  const stream = await send({ port: bridge.port, headers: { accept: 'text/event-stream' } })
  expect(refusal(stream, 404, 'not_found').data.hint).toContain('/sse')
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} })
  const posted = await send({
    port: bridge.port,
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body,
  })
  expect(refusal(posted, 404, 'not_found').data.hint).toContain('/mcp')
})
