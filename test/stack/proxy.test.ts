// The forms a stack can take: with the TLS proxy in front, and with postgres-mcp as its makers publish it.
import { request } from 'node:https'
import { expect, test } from 'vitest'
import { becomesWell, change, compose, failures, gateway, place, read, setting, sh } from './stack.ts'

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}

test('the proxy: it alone is published, lets users in over TLS, and has a direct route for each tool', async () => {
  const back = change('.env', 'STACK_UID=', 'STACK_UID=')
  try {
    // On the stack as it runs: its own port is no taken one.
    const said = await sh(['./setup', '--proxy'])
    expect(said).toContain(`ready: https://${place.name}:${place.port} on ${place.address}`)
    expect(said).toContain('people open another address now: ./add-user --show NAME')
    await compose('up', '-d', '--wait')
    const published = await sh(['docker', 'compose', 'ps', '--format', '{{.Service}} {{.Ports}}'])
    const open = published.split('\n').filter((line) => line.includes('->'))
    expect(open).toEqual([expect.stringMatching(/^caddy /)])
    const ca = await compose('exec', '-T', 'caddy', 'cat', '/data/caddy/pki/authorities/local/root.crt')
    const key = { authorization: `Bearer ${setting('LITELLM_MASTER_KEY')}` }
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }

    // With and without the slash: LiteLLM itself redirects one of them.
    for (const path of ['/mcp', '/mcp/'])
      expect({ path, ...(await ask(ca, path, ping, key)) }).toMatchObject({
        path,
        status: 200,
        text: expect.stringContaining('"result"'),
      })
    expect(await ask(ca, '/v1/models', undefined, key)).toMatchObject({ status: 200 })
    const closed = [
      '/',
      '/ui/',
      '/key/list',
      '/key/generate',
      '/mcp-rest/test/connection',
      '/v1/mcp/server',
      '/docs',
    ]
    for (const path of closed)
      expect([path, (await ask(ca, path, undefined, key)).status]).toEqual([path, 404])

    // A person's own token, and none.
    const token = /^gateway:(.*)$/m.exec(read('people/time/tokens'))?.[1] ?? ''
    const direct = await ask(ca, '/tools/time/mcp', INITIALIZE, { authorization: `Bearer ${token}` })
    expect(direct).toMatchObject({ status: 200, text: expect.stringContaining('"serverInfo"') })
    const session = {
      authorization: `Bearer ${token}`,
      'mcp-session-id': String(direct.headers['mcp-session-id']),
    }
    const tools = await ask(ca, '/tools/time/mcp', { jsonrpc: '2.0', id: 2, method: 'tools/list' }, session)
    expect(tools.text).toContain('get_current_time')
    for (const path of ['/tools/time/mcp', '/tools/db/mcp'])
      expect([path, (await ask(ca, path, INITIALIZE)).text]).toEqual([
        path,
        expect.stringContaining('a token is needed'),
      ])
    expect((await ask(ca, '/tools/time/healthz', undefined, session)).status).toBe(404)
    expect((await ask(ca, '/tools/nosuch/mcp', INITIALIZE, session)).status).toBe(502)
  } finally {
    await compose('rm', '--stop', '--force', 'caddy')
    back()
    await compose('up', '-d', '--wait')
  }
  expect(failures(await becomesWell())).toEqual([])
})

test('the published postgres-mcp in place of ours, over its own HTTP+SSE', async () => {
  const profiles = setting('COMPOSE_PROFILES')
  await compose('rm', '--stop', '--force', 'postgres-mcp')
  const back = change('.env', `COMPOSE_PROFILES=${profiles}`, 'COMPOSE_PROFILES=published,tools')
  try {
    await compose('up', '-d', '--wait')
    expect((await compose('ps', '--services')).split('\n')).not.toContain('postgres-mcp')
    expect(await gateway().call('db-list_schemas', {})).toContain('public')
    expect(await gateway().call('db-execute_sql', { sql: 'create table t (a int)' })).toMatch(/error/i)
    expect(failures(await becomesWell())).toEqual([])
  } finally {
    await compose('rm', '--stop', '--force', 'postgres-mcp-published')
    back()
    await compose('up', '-d', '--wait')
  }
  expect(failures(await becomesWell())).toEqual([])
})

/** By the LAN name, wherever that may lead, and with no other authority than the proxy's own. */
function ask(
  ca: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: place.address,
      port: place.port,
      servername: place.name,
      path,
      ca,
      agent: false,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        host: `${place.name}:${place.port}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
