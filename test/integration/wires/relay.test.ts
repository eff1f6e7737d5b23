// relay: what need not change goes through byte for byte, in both directions, on both wires.
import { eventually, type Reply } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { WIRES, type Client } from '../clients.ts'
import { heardBy, VERBATIM } from './heard.ts'

nothingLeft()
const bridge = useBridge(['--', ...VERBATIM])

/** Sends a request as it is written; returns the text of its answer. */
async function exchange(client: Client, body: string, isAnswer: (text: string) => boolean): Promise<string> {
  const reply: Reply = await client.post(body)
  if (!('stream' in client)) return reply.body.replace(/^[^]*data: (.*)\n\n$/, '$1')
  expect(reply.status).toBe(202)
  return (await client.stream!.events.next(({ data }) => isAnswer(data))).data
}

/** Has the child write these lines, and returns what the client gets for the last. */
function say(client: Client, ...lines: string[]): Promise<string> {
  const params = JSON.stringify({ name: 'say', arguments: { lines } })
  const body = `{"jsonrpc":"2.0","id":"say","method":"tools/call","params":${params}}`
  return exchange(client, body, (text) => JSON.parse(text).id === 'say')
}

const SEPARATORS = '\u2028 \u2029 \u0085'
const ESCAPED = String.raw`\u2028 \u2029 \u0085`

describe.each(WIRES)('relay over %s', (_name, open) => {
  test('relay.request: numbers, key order, unknown methods and members, spacing', async () => {
    const client = await open(bridge)
    const body =
      '{"zeta" : 1.0,"jsonrpc":"2.0","params":{"b":9007199254740993,"a":1e400,"\\u0061":-0.0,"t":"é\\u00e9' +
      `${SEPARATORS}\\ud83d 😀\\n"},"id":"own","method":"no/such","extra":[1.00,true,null,{}]}`
    const answer = await exchange(client, body, (text) => text.includes('"own"'))
    expect(answer).toBe('{"jsonrpc":"2.0","id":"own","error":{"code":-32601,"message":"unknown"}}')
    const line = (await heardBy(client)).find((each) => each.includes('no/such'))
    expect(line?.replace(/"id":\d+/, '"id":"own"')).toBe(body.replace(SEPARATORS, ESCAPED))
    client.close()
  })

  test('relay.notification: is not touched at all', async () => {
    const client = await open(bridge)
    const body =
      '{ "params":{"requestId":1.50,"progressToken":7,"id":8}, "method":"notifications/own","jsonrpc":"2.0" }'
    expect((await client.post(body)).status).toBe(202)
    expect(await heardBy(client)).toContain(body)
    client.close()
  })

  test('relay.line: CR and LF of a pretty-printed body become spaces', async () => {
    const client = await open(bridge)
    const body =
      '{\r\n  "jsonrpc": "2.0",\n\t"id": 3,\r  "method": "no/such",\n  "params": { "t": "kept \\n\\r" }\r\n}\r\n'
    const answer = await exchange(client, body, (text) => JSON.parse(text).id === 3)
    expect(JSON.parse(answer).error.code).toBe(-32601)
    const heard = await heardBy(client)
    // Had a line break got through, the child would have failed on half a message; none may be lost either.
    const line = heard.find((each) => each.includes('no/such'))
    expect(line?.trim().replace(/"id": \d+/, '"id": 3')).toBe(body.replaceAll(/[\r\n]/g, ' ').trim())
    client.close()
  })

  test('relay.keys: escaped keys of the envelope are read as JSON.parse reads them', async () => {
    const client = await open(bridge)
    const bodies = [
      '{"jsonrpc":"2.0","\\u0069d":"a","meth\\u006fd":"no/a","params":{}}',
      '{"json\\u0072pc":"2.0","i\\u0064":"c","method":"no\\/c"}',
    ]
    for (const body of bodies) {
      const { id, method } = JSON.parse(body)
      const answer = JSON.parse(await exchange(client, body, (text) => JSON.parse(text).id === id))
      expect(answer).toMatchObject({ id, error: { code: -32601 } })
      const heard = (await heardBy(client)).map((line) => JSON.parse(line))
      expect(Number.isInteger(heard.find((each) => each.method === method)?.id)).toBe(true)
    }
    client.close()
  })

  test('relay.keys: the progress token is found under escaped keys', async () => {
    const client = await open(bridge)
    const progress =
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress\\u0054oken":$TOKEN}}'
    const lines = JSON.stringify([progress, '{"jsonrpc":"2.0","id":$ID,"result":{}}'])
    const meta = '"\\u005fmeta":{"progress\\u0054oken":"mine"}'
    const params = `{"name":"say",${meta},"arguments":{"lines":${lines}}}`
    await client.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`)
    const text = () => ('stream' in client ? client.stream?.text : undefined)
    if (text() === undefined) {
      const reply = await client.post(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":${params}}`)
      expect(reply.body).toContain('{"progress\\u0054oken":"mine"}')
    } else
      await eventually(() => text()?.includes('{"progress\\u0054oken":"mine"}'), {
        what: 'the token restored',
      })
    client.close()
  })

  test('relay.answer: comes as the child wrote it, but for the id', async () => {
    const client = await open(bridge)
    const line = `{ "result" : {"n":1.0,"big":9007199254740993,"d":1,"d":2,"t":"${SEPARATORS} é \\u00e9"}, "extra":null, "id" : $ID , "jsonrpc":"2.0"}`
    // Nothing but the standard's CR and LF may end a line of an event stream: see encodings.test.ts.
    const inEvent = String.raw`\u2028 \u2029 \u0085`
    const written = 'stream' in client ? line.replace(SEPARATORS, inEvent) : line
    expect(await say(client, line)).toBe(written.replace('$ID', '"say"'))
    client.close()
  })

  test('relay.answer: an error, a CR inside, CRLF at the end, an id sent back as another type', async () => {
    const client = await open(bridge)
    const error = '{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000.0,"message":"m","data":{"x":1.0}}}'
    expect(await say(client, error)).toBe(error.replace('$ID', '"say"'))
    const broken = '{"jsonrpc":"2.0",\r"id":$ID,\r\r"result":{"ok":1.0}}\r'
    expect((await say(client, broken)).trim()).toBe('{"jsonrpc":"2.0", "id":"say",  "result":{"ok":1.0}}')
    expect(await say(client, '{"jsonrpc":"2.0","id":"$ID","result":{}}')).toContain('"id":"say"')
    client.close()
  })

  test('relay.notification: of the child, of whatever method, comes as it was written', async () => {
    const client = await open(bridge)
    if ('listen' in client) await client.listen()
    const lines = [
      '{"method":"notifications/no/such","jsonrpc":"2.0","params":{"n":1.0},"x":9007199254740993}',
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":{"z":1,"a":2.50}}}',
    ]
    await say(client, ...lines, '{"jsonrpc":"2.0","id":$ID,"result":{}}')
    await client.until('notifications/no/such')
    const texts = 'stream' in client ? [client.stream?.text] : client.streams.map(({ text }) => text)
    expect(texts.join('')).toContain(`data: ${lines[0]}\n\n`)
    client.close()
  })

  test('relay.unknown: an answer to nothing, noise and an answer of another session reach nobody', async () => {
    const [client, other] = await Promise.all([open(bridge), open(bridge)])
    if ('listen' in client) await client.listen()
    other.call('hold').catch(() => {})
    const noise = [
      '{"jsonrpc":"2.0","id":4711,"result":{}}',
      '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}',
    ]
    const lines = [
      ...noise,
      'null',
      '42',
      '[]',
      '{"level":"info"}',
      '*** banner ***',
      '{"jsonrpc":"2.0","id":',
    ]
    await say(
      client,
      ...lines,
      ...[1, 2, 3, 4].map((id) => `{"jsonrpc":"2.0","id":${id},"result":{}}`),
      '{"jsonrpc":"2.0","id":$ID,"result":{}}',
    )
    await client.call('heard')
    const own = 'stream' in client ? 1 : 0
    expect([client.received, client.strays.length, client.failures]).toEqual([[], own, []])
    expect(other.strays).toEqual([])
    other.close()
    client.close()
  })
})
