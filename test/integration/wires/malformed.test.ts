// malformed: whatever is posted, the answer is a JSON-RPC error, the session lives on and the child hears nothing.
import { connect } from 'node:net'
import fc from 'fast-check'
import { eventually, send, type Headers, type Reply } from '@mcp-bridge/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, refusal, type Client } from '../clients.ts'
import { heardBy, VERBATIM } from './heard.ts'

nothingLeft()
const bridge = useBridge(['--max-body', '1MiB', '--', ...VERBATIM])

const NOT_JSON: [name: string, body: string | Uint8Array][] = [
  ['nothing', ''],
  ['white space', ' \r\n'],
  ['half a message', '{"jsonrpc":"2.0","id":1,"method":"pi'],
  ['two messages', '{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}'],
  ['a raw line break in a string', '{"jsonrpc":"2.0","id":1,"method":"pi\nng"}'],
  ['a trailing comma', '{"jsonrpc":"2.0","id":1,"method":"ping",}'],
  ['a leading zero', '{"jsonrpc":"2.0","id":01,"method":"ping"}'],
  ['HTML', '<!doctype html><title>x</title>'],
  ['a byte order mark behind a blank', ' \ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}'],
  ['a byte order mark alone', '\ufeff'],
  ['half a byte order mark', Buffer.from('\xef\xbb{"jsonrpc":"2.0","id":1,"method":"ping"}', 'latin1')],
  ['no UTF-8', Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping","x":"\xc3\x28"}', 'latin1')],
  ['UTF-16', Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}', 'utf16le')],
  ['NUL', '{"jsonrpc":"2.0","id":1,"method":"ping"}\0'],
]

const NOT_RPC: [name: string, body: string][] = [
  ['null', 'null'],
  ['a number', '42'],
  ['a string', '"ping"'],
  ['an object without anything', '{}'],
  ['no version', '{"id":1,"method":"ping"}'],
  ['another version', '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
  ['a version that is a number', '{"jsonrpc":2.0,"id":1,"method":"ping"}'],
  ['a null id', '{"jsonrpc":"2.0","id":null,"method":"ping"}'],
  ['an object as id', '{"jsonrpc":"2.0","id":{},"method":"ping"}'],
  ['a boolean as id', '{"jsonrpc":"2.0","id":true,"method":"ping"}'],
  ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":7}'],
  ['neither method nor answer', '{"jsonrpc":"2.0","id":1}'],
  ['result and error', '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}}'],
  ['method and result', '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}'],
  ['a result for null', '{"jsonrpc":"2.0","id":null,"result":{}}'],
  ['a result without an id', '{"jsonrpc":"2.0","result":{}}'],
  ['an envelope in an envelope', '{"x":{"jsonrpc":"2.0","id":1,"method":"ping"}}'],
]

describe('on the wires', () => {
  let clients: Client[]
  beforeAll(async () => {
    clients = [await openStreamable(bridge), await openSse(bridge)]
  })

  /** Posts to both sessions, and to where no session is. */
  async function everywhere(body: string | Uint8Array): Promise<Reply[]> {
    const headers = { 'content-type': 'application/json' }
    const replies = await Promise.all(clients.map((client) => client.post(body)))
    return [...replies, await send({ port: bridge.port, path: '/mcp', method: 'POST', headers, body })]
  }

  async function nothingHappened(): Promise<void> {
    for (const client of clients) {
      const heard = await heardBy(client)
      // initialize, initialized, and what this test itself asks.
      const other = heard.filter(
        (line) => !/"(initialize|notifications\/initialized|tools\/call)"/.test(line),
      )
      expect(other).toEqual([])
      expect([client.strays, client.received, client.failures]).toEqual([[], [], []])
    }
  }

  test.each(NOT_JSON)('malformed.not-json: %s is 400 with -32700', async (_name, body) => {
    for (const reply of await everywhere(body)) {
      expect(refusal(reply, 400, 'parse_failed').code).toBe(-32700)
      expect(reply.json().id).toBe(null)
    }
    await nothingHappened()
  })

  test.each(NOT_RPC)('malformed.not-rpc: %s is 400 with -32600', async (_name, body) => {
    for (const reply of await everywhere(body))
      expect(refusal(reply, 400, 'request_invalid').code).toBe(-32600)
    await nothingHappened()
  })

  test('malformed.named: what is refused for another reason than its JSON is told that', async () => {
    const deep = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`
    for (const [body, problem] of [
      [deep, /^nested too deep: over 4096 levels$/],
      ['{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}', /^a notification has no id$/],
    ] as const)
      for (const reply of await everywhere(body))
        expect(refusal(reply, 400, 'request_invalid').message).toMatch(problem)
    await nothingHappened()
  })

  test('malformed.random: bytes at random, and messages with one byte changed, harm nobody', async () => {
    const valid = Buffer.from('{"jsonrpc":"2.0","id":"x","method":"no/such","params":{"n":1}}')
    const changed = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = Buffer.from(valid)
      bytes[at] = byte
      return bytes
    })
    const random = fc.uint8Array({ minLength: 1, maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(fc.oneof(random, changed), async (bytes) => {
        const [first, second, third] = await everywhere(bytes)
        expect([200, 202, 400]).toContain(first?.status)
        expect(second?.status).toBe(first?.status === 200 ? 202 : first?.status)
        expect(third?.status).toBe(400)
        for (const reply of [first, second, third]) {
          if (reply?.status === 400)
            expect(reply.json()).toMatchObject({ jsonrpc: '2.0', error: { code: expect.any(Number) } })
        }
      }),
      { numRuns: 60 },
    )
    for (const client of clients) expect((await client.call('heard')).error).toBeUndefined()
  })

  test('malformed.deep: a million brackets are one 400', async () => {
    for (const body of ['['.repeat(1_000_000), '{"a":'.repeat(100_000)]) {
      for (const reply of await everywhere(body)) expect(reply.status).toBe(400)
    }
    expect((await clients[0]?.call('heard'))?.error).toBeUndefined()
  })

  test('malformed.long-key: a key of 300 KB is a key like any other', async () => {
    for (const key of ['k'.repeat(300_000), '\\u0041'.repeat(50_000)]) {
      const replies = await everywhere(`{"jsonrpc":"2.0","id":"long","method":"ping","${key}":1}`)
      expect(replies.map(({ status }) => status)).toEqual([200, 202, 400])
    }
    for (const client of clients) expect((await client.call('heard')).error).toBeUndefined()
  })

  test('malformed.broken-off: a body that ends too early costs nobody else anything', async () => {
    const head = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"js`
    await Promise.all([1, 2, 3].map(() => raw(head, true)))
    expect((await clients[0]?.call('heard'))?.error).toBeUndefined()
  })
})

test('malformed.http: what is no HTTP gets a JSON-RPC error too', async () => {
  const long = 'x'.repeat(70_000)
  for (const text of ['GARBAGE\r\n\r\n', '\0\x01\x02\r\n\r\n', `GET /mcp HTTP/1.1\r\nX: ${long}\r\n\r\n`]) {
    const answer = await raw(text)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(head).toMatch(/^content-type: application\/json/im)
    expect(JSON.parse(body)).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32600 } })
  }
})

test('malformed.http: odd headers are refused or ignored, as JSON', async () => {
  const CASES: Headers[] = [
    { 'mcp-session-id': 'a\tb' },
    { 'mcp-session-id': ['a', 'b'] },
    { 'mcp-session-id': '__proto__' },
    { 'mcp-session-id': 'x'.repeat(8000) },
    { 'last-event-id': 'nonsense', 'mcp-session-id': 'x' },
    { authorization: 'Bearer', 'mcp-session-id': 'x' },
  ]
  for (const headers of CASES) {
    const reply = await send({ port: bridge.port, path: '/mcp', headers })
    expect(refusal(reply, 404, 'session_unknown').code).toBe(-32001)
  }
  for (const query of [
    '?sessionId=%00',
    '?sessionId=%',
    '?sessionId=constructor',
    '?sessionId=a&sessionId=b',
  ]) {
    const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
    const reply = await send({ port: bridge.port, path: `/messages${query}`, method: 'POST', body })
    refusal(reply, 404, 'session_unknown')
  }
})

/** Sends bytes and returns what comes back until the other side closes, or cuts the connection at once. */
function raw(text: string, isCut = false): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(bridge.port, '127.0.0.1', () => {
      socket.write(text, () => {
        if (isCut)
          void eventually(() => socket.bytesWritten >= text.length, { what: 'sent' }).then(() =>
            socket.destroy(),
          )
      })
    })
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}
