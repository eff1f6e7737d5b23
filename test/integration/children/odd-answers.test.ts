// odd-answers: answers that are spoilt: what can be read is taken, what cannot ends its call, and nothing else.
import { fixture, StreamableClient } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, embedded, nothingLeftAfterEach } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

const MODES = ['session', 'shared', 'pool'] as const
const note =
  '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":{"a":{"b":1}}}}'
const result = '"result":{"content":[{"type":"text","text":"a secret"}]}'

/** By tool: what is read in place of an answer. */
const TAKEN = {
  glued: `${note}{"jsonrpc":"2.0","id":ID,${result}}\n`,
  trailed: `{"jsonrpc":"2.0","id":ID,${result}}done in 3 ms\n`,
  errorNull: `{"jsonrpc":"2.0","id":ID,${result},"error":null}\n`,
  errorNullFirst: `{"error": null ,"jsonrpc":"2.0",${result},"id":"ID"}\n`,
  textId: `{"jsonrpc":"2.0","id":"ID",${result}}\n`,
  floatId: `{"jsonrpc":"2.0","id":ID.0,${result}}\n`,
  everyField: `{"jsonrpc":"2.0","id":"ID","method":null,"params":null,${result},"error":null}\n`,
}
const LOST = {
  nan: `{"jsonrpc":"2.0","id":ID,"result":{"content":[],"structuredContent":{"mean":NaN,"of":"a secret"}}}\n`,
  nanIdLast: `{"result":{"content":[],"mean":-Infinity,"of":"a secret"},"id":"ID","jsonrpc":"2.0"}\n`,
  unnamed: `{"jsonrpc":"2.0","result":{"mean":NaN,"of":"a secret"}}\n`,
  python: `{'jsonrpc': '2.0', 'id': ID, 'result': {'content': [], 'of': 'a secret'}}\n`,
  cut: `{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"line\na secret\n"}]}}\n`,
  pretty: `{\n  "jsonrpc": "2.0",\n  "id": ID,\n  "result": {\n    "of": "a secret"\n  }\n}\n`,
  notRpc: `{"id":ID,${result}}\n`,
  both: `{"jsonrpc":"2.0","id":ID,${result},"error":{"code":1,"message":"a secret"}}\n`,
  neither: `{"jsonrpc":"2.0","id":ID}\n`,
  nullError: `{"jsonrpc":"2.0","id":ID,"error":null}\n`,
}

const odd = (texts: object) => fixture('odd-answers', JSON.stringify(texts))

describe.each(MODES)('%s', (mode) => {
  test('answers.taken: what can be read of a line is taken', async () => {
    const bridge = await bridged(['--children', mode, '--', ...odd(TAKEN)])
    for (const client of [await openStreamable(bridge), await openSse(bridge)]) {
      for (const tool of Object.keys(TAKEN)) {
        const answer = await client.call(tool)
        expect([tool, textOf(answer)]).toEqual([tool, 'a secret'])
        expect(answer).not.toHaveProperty('error')
      }
      expect(client.failures).toEqual([])
    }
    expect(bridge.stderr).not.toContain('a secret')
  })

  test('answers.lost: what cannot be read ends its call with an error, and is not logged', async () => {
    const bridge = await embedded({ command: odd(LOST), children: mode }, { lostMs: 500 })
    const client = await openStreamable(bridge)
    for (const tool of Object.keys(LOST)) {
      const { error } = await client.call(tool)
      expect([tool, error?.data.code]).toEqual([tool, 'answer_unreadable'])
      expect(error?.message).toMatch(/cannot be read: .*(byte \d+|error|message|says)/)
    }
    expect(textOf(await client.call('echo', { text: 'still here' }))).toBe('still here')
    const logged = JSON.stringify(bridge.logs)
    expect(logged).not.toContain('a secret')
    expect(logged).toContain('cannot be read')
    await bridge.close()
  })
})

test('answers.lost: of several calls in flight only the one whose answer it was ends', async () => {
  const command = odd({ ...LOST, never: '' })
  const bridge = await embedded({ command, children: 'shared' }, { lostMs: 2000 })
  const client = await openStreamable(bridge)
  const others = ['nan', 'python', 'cut'].map((tool) => client.call(tool))
  const echoes = Array.from({ length: 5 }, (_, i) => client.call('echo', { text: String(i) }))
  for (const { error } of await Promise.all(others)) expect(error?.data.code).toBe('answer_unreadable')
  expect((await Promise.all(echoes)).map(textOf)).toEqual(['0', '1', '2', '3', '4'])
  await bridge.close()
})

/** What the bridge looks into: under which flags, of which answer, and the shape. Each ended the bridge once. */
const LOOKED_INTO: [string[], string, string][] = [
  [
    ['--compat=litellm', '--children=shared'],
    'odd',
    '"error":{"data":{"hint":null,"stderr":[{"toString":1}]}}',
  ],
  [['--compat=litellm', '--children=shared'], 'tools/list', '"result":null'],
  [['--tools-allow=*', '--children=session'], 'tools/list', '"result":null'],
  [['--read-only', '--children=pool'], 'tools/list', '"result":{"tools":[null,{"name":{"toString":1}}]}'],
]

test.each(LOOKED_INTO)('answers.shapes: %j: %s is answered %s', async (flags, asked, shape) => {
  const texts = { [asked]: `{"jsonrpc":"2.0","id":ID,${shape}}\n` }
  const bridge = await bridged([...flags, '--', ...odd(texts)])
  const client = await openStreamable(bridge)
  const bystander = await openStreamable(bridge)
  const { result } = asked === 'odd' ? await client.call('odd') : await client.request(asked)
  expect(result).toEqual(
    asked === 'odd'
      ? { content: [{ type: 'text', text: 'the tool answered with an error' }], isError: true }
      : { tools: [] },
  )
  const answer = await bystander.call('echo', { text: 'fine' })
  if (flags.includes('--read-only')) expect(answer.error?.data.code).toBe('tool_unknown')
  else expect(textOf(answer)).toBe('fine')
})

test.each(['session', 'shared'])('answers.level: %s: a level that is refused with nothing', async (mode) => {
  const bridge = await bridged([
    ...['--children', mode, '--'],
    ...odd({ 'logging/setLevel': '{"jsonrpc":"2.0","id":ID,"error":null}\n' }),
  ])
  const client = await openStreamable(bridge)
  const { error } = await client.request('logging/setLevel', { level: 'debug' })
  expect(error?.data.code).toBe('answer_unreadable')
  expect(textOf(await client.call('echo', { text: 'fine' }))).toBe('fine')
})

test.each(MODES)('child.stdin: %s: a child that takes no request any more has gone', async (mode) => {
  const bridge = await bridged(['--children', mode, '--', ...fixture('closes-stdin')])
  const client = await openStreamable(bridge)
  expect(textOf(await client.call('close'))).toBe('closed')
  const { error } = await client.call('pid')
  expect(error?.data.code).toBe('child_exited')
  expect(error?.message).toContain('closed its stdin')
  const next = mode === 'session' ? await openStreamable(bridge) : client
  expect(textOf(await next.call('pid'))).toMatch(/^\d+$/)
})

test.each(MODES)(
  'initialize.deep: %s: capabilities nested thousands deep are refused, to their client alone',
  async (mode) => {
    const bridge = await bridged(['--children', mode, '--', ...fixture('echo')])
    const bystander = await openStreamable(bridge)
    const capabilities = `${'{"a":'.repeat(4000)}1${'}'.repeat(4000)}`
    const { status, json } = await new StreamableClient({ port: bridge.port }).post(
      `{"jsonrpc":"2.0","id":"deep","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":${capabilities},"clientInfo":{"name":"x","version":"1"}}}`,
    )
    expect([status, json().id, json().error.data.code]).toEqual([400, 'deep', 'request_invalid'])
    expect(textOf(await bystander.call('echo', { text: 'fine' }))).toBe('fine')
  },
)
