// metrics-port: `/metrics` at a port of its own: who may read there, what else is there (nothing), and when it goes (last).
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { eventually, fixture, runBridge, send, type LogLine } from '@mcp-bridge/testkit'
import { createBridge, type ConfigInput } from 'mcp-bridge'
import { expect, test } from 'vitest'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { freePort } from '../../e2e/port.ts'
import { openStreamable } from '../clients.ts'

nothingLeft()

const command = fixture('echo')
const isMetrics = ({ msg }: LogLine) => msg === 'metrics listening'
const proxied = { 'x-forwarded-for': '192.0.2.1' }

/** A bridge in this process, and the port of its metrics. */
async function measured(config: ConfigInput) {
  const bridge = await embedded({ command, metricsPort: 0, ...config })
  return { ...bridge, metrics: Number((await bridge.until(isMetrics))['port']) }
}

function warnings({ logs }: { logs: readonly LogLine[] }): LogLine[] {
  return logs.filter(({ exposed }) => exposed !== undefined)
}

/** Status of `/metrics`; 0 where nobody listens. */
async function statusAt(port: number, headers: Record<string, string> = {}): Promise<number> {
  return send({ port, path: '/metrics', headers }).then(
    ({ status }) => status,
    () => 0,
  )
}

test('metrics.port: it has the metrics and nothing else, and the port of the tools has them no more', async () => {
  const bridge = await bridged(['--metrics-port', '0', '--', ...command])
  const port = Number((await bridge.until(isMetrics))['port'])
  expect(bridge.stdout).toContain(`http://127.0.0.1:${port}/metrics\n`)
  await (await openStreamable(bridge)).call('echo', {})
  const { status, body } = await send({ port, path: '/metrics' })
  expect(status).toBe(200)
  expect(body).toContain('gen_ai_tool_name="echo"')
  const answers = [
    send({ port: bridge.port, path: '/metrics' }),
    send({ port, path: '/mcp' }),
    send({ port, path: '/healthz' }),
    send({ port, path: '/metrics', method: 'POST' }),
    send({ port, path: '/metrics', headers: { host: 'rebound.example' } }),
    send({ port, path: '/metrics', headers: { origin: 'https://page.example' } }),
  ]
  expect((await Promise.all(answers)).map((each) => each.status)).toEqual([404, 404, 404, 405, 403, 403])
  expect((await send({ port, path: '/metrics', method: 'HEAD' })).body).toBe('')
})

test('metrics.port: where there are tokens it asks for one, but of this machine; without tokens whoever reaches it may read', async () => {
  const open = await measured({})
  expect(await statusAt(open.metrics, proxied)).toBe(200)
  const guarded = await measured({ token: 'of-ann' })
  expect(await statusAt(guarded.metrics)).toBe(200)
  expect(await statusAt(guarded.metrics, proxied)).toBe(401)
  expect(await statusAt(guarded.metrics, { ...proxied, authorization: 'Bearer of-ann' })).toBe(200)
})

test('metrics.port: beyond this machine without tokens, the log says what others can read', async () => {
  expect(warnings(await measured({ metricsHost: '0.0.0.0', token: 'of-ann' }))).toEqual([])
  expect(warnings(await measured({}))).toEqual([])
  const [warning] = warnings(await measured({ metricsHost: '0.0.0.0' }))
  expect(String(warning?.['exposed'])).toContain('names of servers, tools and prompts')
})

test('metrics.port: one that is taken ends the start, and names its own option', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  try {
    const run = await runBridge(['--port', '0', '--metrics-port', String(port), '--', ...command])
    expect(run.code).toBe(1)
    expect(run.stderr).toMatch(
      new RegExp(`127\\.0\\.0\\.1:${port} is in use\n.*choose another --metrics-port`),
    )
    expect(run.logs.filter(({ msg }) => msg === 'child started')).toEqual([])
    // The other way round: what was opened for the metrics is closed again.
    const free = await freePort('127.0.0.1')
    const bridge = createBridge({ command, port, metricsPort: free })
    await expect(bridge.listen()).rejects.toMatchObject({ code: 'listen_failed' })
    expect(await statusAt(free)).toBe(0)
    await bridge.close()
  } finally {
    other.close()
  }
  const alone = await runBridge(['--metrics-host', '0.0.0.0', '--', ...command])
  expect(alone.code).toBe(2)
  expect(alone.stderr).toContain('--metrics-port')
})

test('metrics.port: the last calls can still be read: it is there until the port of the tools has gone', async () => {
  const bridge = await measured({})
  // A request that never ends: until it is cut the port of the tools is closed for others, and not yet done with.
  const half = await connected(bridge.port)
  half.write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{')
  const closed = bridge.close()
  await eventually(async () => (await statusAt(bridge.port)) === 0, {
    what: 'the port of the tools to be closed',
  })
  expect(half.closed).toBe(false)
  const { status, body } = await send({ port: bridge.metrics, path: '/metrics' })
  expect(status).toBe(200)
  expect(body).toMatch(/^mcp_bridge_ready 0$/m)
  await closed
  expect(await statusAt(bridge.metrics)).toBe(0)
  half.destroy()
})

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  return socket
}
