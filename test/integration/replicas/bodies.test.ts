// Bodies over a hop that do not simply go through: one that is refused before its end, one that was read already.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { eventually, fixture, StreamableClient } from '@mcp-bridge/testkit'
import { createBridge } from 'mcp-bridge'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'
import { freePort } from '../../e2e/port.ts'
import { at, keyFile, replicas } from './replicas.ts'

nothingLeft({ anyExit: true })

test('replicas.refused: who writes all of a body that is refused reads why, and goes on with the connection', async () => {
  const { ports } = await replicas({ own: { r2: ['--max-body', '1MiB'] } })
  const [here = 0, there = 0] = ports
  const { sessionId } = await openStreamable({ port: there })
  const socket = connect(here, '127.0.0.1')
  let text = ''
  // Nothing is read before all is written.
  socket.pause().setEncoding('utf8')
  const bytes = 12 * 1024 * 1024
  const head = ['POST /mcp HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json']
  socket.write(
    `${[...head, `Mcp-Session-Id: ${sessionId}`, `Content-Length: ${bytes}`].join('\r\n')}\r\n\r\n`,
  )
  let isWritten = false
  socket.write(Buffer.alloc(bytes, ' '), () => (isWritten = true))
  await eventually(() => isWritten, { what: 'the end of the body' })
  socket.on('data', (chunk: string) => (text += chunk)).resume()
  socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await eventually(() => text.includes('{"status":"ok"}'), { what: 'the next answer' })
  expect(text).toMatch(/^HTTP\/1\.1 413 /)
  expect(text).toContain('body_too_large')
  socket.destroy()
})

test('replicas.parsed: where the bridge is mounted behind a body parser, what that has read goes on', async () => {
  const key = keyFile()
  const port = await freePort('127.0.0.1')
  const where = ['--replicas', `r2=http://127.0.0.1:${port}`, '--replica-key-file', key]
  await bridged([
    '--replica',
    'r2',
    '--port',
    String(port),
    ...where,
    '--children',
    'shared',
    '--',
    ...fixture('echo'),
  ])
  const mounted = createBridge({
    command: fixture('echo'),
    replica: 'r1',
    replicas: { r2: `http://127.0.0.1:${port}` },
    replicaKeyFile: key,
  })
  const server = createServer((req, res) => {
    const parsed = json(req).then((body) => mounted.handler(Object.assign(req, { body }), res))
    parsed.catch((error: unknown) => res.destroy(error as Error))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const here = (server.address() as AddressInfo).port
    const client: StreamableClient = at(here, await openStreamable({ port }))
    expect(textOf(await client.call('echo', { text: 'parsed: \u00e9\u{1f600}' }))).toBe(
      'parsed: \u00e9\u{1f600}',
    )
  } finally {
    await mounted.close()
    server.close().closeAllConnections()
  }
})
