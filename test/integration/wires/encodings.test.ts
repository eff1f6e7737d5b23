// encodings: names arrive as they were sent, a byte order mark costs nothing, and no number loses a digit.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, send, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, refusal, textOf, WIRES } from '../clients.ts'
import { VERBATIM } from './heard.ts'

nothingLeft()

/** As it is on the wire: a header holds bytes. */
const bytesOf = (text: string) => Buffer.from(text).toString('latin1')

test('encodings.header: a value in UTF-8 reaches the tool as it was written, anything else byte for byte', async () => {
  const bridge = await bridged(['--header-env', 'X-User=WHO', '--', ...fixture('echo')])
  for (const [, open] of WIRES) {
    for (const [sent, got] of [
      [bytesOf('Jürgen Müller'), 'Jürgen Müller'],
      [bytesOf('홍길동 👩‍👩‍👧'), '홍길동 👩‍👩‍👧'],
      // latin1, which is no UTF-8.
      ['J\xfcrgen', 'Jürgen'],
      ['J%C3%BCrgen', 'J%C3%BCrgen'],
      ['=?UTF-8?Q?J=C3=BCrgen?=', '=?UTF-8?Q?J=C3=BCrgen?='],
    ] as const) {
      const client = await open(bridge, { headers: { 'x-user': sent } })
      expect(textOf(await client.call('env', { name: 'WHO' }))).toBe(got)
      client.close()
    }
  }
})

test('encodings.header: a token may have letters beyond ASCII', async () => {
  const bridge = await bridged(['--token', 'à-la-clé-ß', '--', ...fixture('echo')])
  const headers = [
    { authorization: `Bearer ${bytesOf('à-la-clé-ß')}` },
    { 'x-api-key': bytesOf('à-la-clé-ß') },
  ]
  for (const own of headers) expect((await openStreamable(bridge, { headers: own })).sessionId).toBeDefined()
})

test('encodings.header: headers over 16 KiB are 431, and the log says so', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  const headers = { authorization: `Bearer ${'x'.repeat(17_000)}` }
  refusal(await send({ port: bridge.port, path: '/mcp', method: 'POST', headers }), 431, 'headers_too_large')
  const line = await bridge.until(({ code }) => code === 'headers_too_large')
  expect(line).toMatchObject({ level: 'info', msg: 'request refused' })
})

test('encodings.bom: files that Notepad has saved mean what they say', async () => {
  const folder = tempDir()
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), `\ufeff${text}`)
    return join(folder, name)
  }
  const env = file('tool.env', 'FIRST=one\r\nSECOND="two words"\r\n')
  const own = file('own.env', 'MINE=own\r\n')
  const tokens = file('tokens', 'alice:a-token-of-hers\r\n')
  const json = { 'env-file': [env], 'token-file': tokens, clients: { alice: { 'env-file': own } } }
  const yaml = `env-file: [${env}]\r\ntoken-file: ${tokens}\r\nclients:\r\n  alice:\r\n    env-file: ${own}\r\n`
  for (const config of [file('bridge.json', JSON.stringify(json)), file('bridge.yaml', yaml)]) {
    const bridge = await bridged(['--config', config, '--', ...fixture('echo')])
    const client = await openStreamable(bridge, { headers: { 'x-api-key': 'a-token-of-hers' } })
    for (const [name, value] of [
      ['FIRST', 'one'],
      ['SECOND', 'two words'],
      ['MINE', 'own'],
    ])
      expect(textOf(await client.call('env', { name }))).toBe(value)
  }
})

test('encodings.bom: a body and a line of the tool may begin with one', async () => {
  const bridge = await bridged(['--', ...VERBATIM])
  for (const [, open] of WIRES) {
    const client = await open(bridge)
    const answer = '{"jsonrpc":"2.0","id":$ID,"result":{"said":"with a mark"}}'
    const { result } = await client.call('say', { lines: [`\ufeff${answer}`] })
    expect(result).toEqual({ said: 'with a mark' })
    const reply = await client.post('\ufeff{"jsonrpc":"2.0","method":"notifications/marked"}')
    expect(reply.status).toBe(202)
    const heard = await client.call('heard')
    // The tool gets the message alone.
    expect(heard.result.lines).toContain('{"jsonrpc":"2.0","method":"notifications/marked"}')
    client.close()
  }
})

test.each(WIRES)(
  'encodings.lines: on an event stream of %s nothing but the standard ends a line',
  async (_name, open) => {
    const bridge = await bridged(['--', ...VERBATIM])
    const client = await open(bridge)
    for (const length of [0, 200_000]) {
      const said = `one\u2028two\u2029three\u0085four “quoted” ${'x'.repeat(length)}`
      // A notification first: then the answer is an event too.
      const lines = [
        {
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: '$TOKEN', progress: 1 },
        },
        { jsonrpc: '2.0', id: '$ID', result: { said } },
      ].map((line) => JSON.stringify(line).replace(/"\$(\w+)"/, '$$$1'))
      const { result } = await client.call('say', { lines }, { progressToken: 'mine' })
      expect(result).toEqual({ said })
    }
    const streams = 'streams' in client ? client.streams : [client.stream]
    const text = streams.map((stream) => stream?.text ?? '').join('')
    expect(text).toContain(String.raw`one\u2028two\u2029three\u0085four “quoted”`)
    expect(text).not.toMatch(/[\u0085\u2028\u2029]/)
    client.close()
  },
)

const LONG_SCHEMA = '{"maximum":9223372036854775807,"minimum":-9223372036854775808,"multipleOf":1.0}'
const LONG_META = '[9223372036854775807,-9223372036854775808,1.0,1e400,-0]'

test.each([
  [['--tools-deny', 'delete_*'], 1],
  [['--read-only'], 1],
  [['--compat', 'litellm'], 2],
  [['--children', 'shared', '--compat', 'litellm'], 2],
  [['--children', 'pool', '--read-only'], 1],
] as const)('encodings.digits: %j: lists and initialize keep every digit', async (flags, pages) => {
  const bridge = await bridged([...flags, '--', ...fixture('long-numbers')])
  const experimental = { x: { limit: 1 } }
  const init = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-06-18',
      capabilities: { experimental },
      clientInfo: { name: 'n', version: '1' },
    },
  }).replace('"limit":1', '"limit":9007199254740993')
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const opened = await send({ port: bridge.port, path: '/mcp', method: 'POST', headers, body: init })
  expect(opened.body).toContain(`"numbers":${LONG_META}`)
  const session = { ...headers, 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  const post = async (body: string) =>
    (await send({ port: bridge.port, path: '/mcp', method: 'POST', headers: session, body })).body
  await post('{"jsonrpc":"2.0","method":"notifications/initialized"}')
  const list = await post('{"jsonrpc":"2.0","id":2,"method":"tools/list"}')
  expect(list.split(LONG_SCHEMA)).toHaveLength(pages + 1)
  const hello = await post('{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"hello"}}')
  // A shared child is initialised by the bridge alone.
  if (!(flags as readonly string[]).includes('shared')) expect(hello).toContain('limit\\":9007199254740993')
})
