// ambiguous: a message that two readers read differently is refused, whoever sends it, and no call is left waiting for it.
import { eventually } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, refusal, WIRES } from '../clients.ts'
import { heardBy, VERBATIM } from '../wires/heard.ts'

nothingLeft()

const CALL = '"jsonrpc":"2.0","id":"x","method":"tools/call"'
const REFUSED = [
  `{${CALL},"params":{"name":"heard"},"ID":1}`,
  `{${CALL},"params":{"name":"heard"},"\\u0069\\u0064":1}`,
  `{${CALL},"params":{"name":"heard"},"id\\u0000":1}`,
  `{${CALL},"params":{"name":"heard"},"param\u017f":{}}`,
  `{${CALL},"params":{"name":"heard","_META":{"progressToken":1}}}`,
  `{${CALL},"params":{"name":"heard","_meta":{"progressToken":1,"progresstoken":2}}}`,
  `{${CALL},"params":{"name":"heard","name":null}}`,
  `{${CALL},"params":{"name":null}}`,
  `{${CALL},"params":["heard"]}`,
  `{${CALL}}`,
  '{"jsonrpc":"2.0","id":"x","method":"notifications/cancelled","params":{"requestId":1}}',
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"y","RequestId":1}}',
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"y"},"Id":1,"Result":{}}',
  '{"jsonrpc":"2.0","id":1,"result":{},"RESULT":{"action":"accept"}}',
  '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"},"Result":{"action":"accept"}}',
]

describe.each(['session', 'shared', 'pool'])('%s', (mode) => {
  test.each([
    ['--log-level', 'info'],
    ['--tools-allow', '*'],
  ])('ambiguous.client: refused, and the child hears nothing (%s)', async (...flags) => {
    const bridge = await bridged(['--children', mode, ...flags, '--', ...VERBATIM])
    for (const [, open] of WIRES) {
      const client = await open(bridge)
      await client.call('heard')
      const before = await heardBy(client)
      for (const body of REFUSED) {
        const reply = await client.post(body)
        expect([body, refusal(reply, 400, 'request_invalid').code]).toEqual([body, -32600])
        const isSure =
          body.startsWith('{"jsonrpc":"2.0","id":"x"') && !/,"(ID|.u0069.u0064|id.u0000)":/.test(body)
        expect([body, reply.json().id]).toEqual([body, isSure ? 'x' : null])
      }
      const since = (await heardBy(client)).slice(before.length).map((line) => JSON.parse(line).method)
      expect(since).toEqual(['tools/call'])
      expect([client.strays, client.received, client.failures]).toEqual([[], [], []])
      client.close()
    }
  })
})

/** What a child answers to a call whose number is $ID, and how its own client reads that. */
test('ambiguous.line: what some tools take for the end of a line is escaped in a text', async () => {
  const client = await openStreamable(await bridged(['--', ...VERBATIM]))
  const filling = 'x'.repeat(100_000)
  for (const more of ['', filling]) {
    await client.call('heard', { text: `a\u2028{}\u2029{}\u0085b${more}` })
    const heard = (await heardBy(client)).join('')
    expect(heard).not.toMatch(/[\u2028\u2029\u0085]/)
    expect(heard).toContain(String.raw`"a\u2028{}\u2029{}\u0085b${more}"`)
  }
})

const ANSWERS: [line: string, result: unknown][] = [
  ['{"jsonrpc":"2.0","id":0,"id":$ID,"result":{"n":1}}', { n: 1 }],
  ['{"jsonrpc":"2.0","id":$ID,"ID":0,"result":{"n":1}}', { n: 1 }],
  ['{"jsonrpc":"2.0","id":$ID,"result":{"n":1},"result":{"n":2}}', { n: 2 }],
  ['{"jsonrpc":"2.0","id":$ID,"result":{"n":1},"Error":{}}', { n: 1 }],
  ['{"jsonrpc":"2.0","id":$ID,"result":{"n":1},"METHOD":"ping"}', { n: 1 }],
]

test.each(ANSWERS)('ambiguous.child: %s passes to the only client it has', async (line, result) => {
  const client = await openStreamable(await bridged(['--', ...VERBATIM]))
  expect((await client.call('say', { lines: [line] }, { id: 'x' })).result).toEqual(result)
})

test.each(['shared', 'pool'])(
  'ambiguous.child: %s: ends in an error, and nobody else is touched',
  async (mode) => {
    const bridge = await bridged(['--children', mode, '--', ...VERBATIM])
    const client = await openStreamable(bridge)
    const other = await openStreamable(bridge)
    const waiting = other.call('say', { lines: [] }, { id: 'waiting' })
    const lines = ANSWERS.map(([line]) => line)
    for (const line of [...lines, '{"jsonrpc":"2.0","id":$ID,"ID":"none","id":"none","result":{}}']) {
      const { error } = await client.call('say', { lines: [line] })
      expect([line, error?.data.code]).toEqual([line, 'answer_unreadable'])
    }
    // What is no answer is dropped, and what is a question refused.
    await client.call('say', {
      lines: [
        '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","Method":"ping"}',
        '{"jsonrpc":"2.0","id":"q","method":"ping","params":{"name":1,"Name":2}}',
        '{"jsonrpc":"2.0","id":$ID,"result":{}}',
      ],
    })
    await eventually(async () => (await heardBy(client)).some((line) => line.includes('"id":"q","error"')), {
      what: 'the question to be refused',
    })
    expect([client.received, other.received, client.strays]).toEqual([[], [], []])
    await other.cancel('waiting')
    expect((await waiting).error?.data.code).toBe('request_cancelled')
  },
)
