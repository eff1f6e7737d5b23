import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Scanner } from './scanner.ts'
import { areUtf8, idKey, Message, readBody, type Encoded } from './message.ts'

function read(text: string): Message {
  const message = readBody([Buffer.from(text)])
  if (message instanceof Message) return message
  throw new Error(JSON.stringify(message))
}

function textOf(message: Message): string {
  return bytesOf(message.encode('', '')).toString()
}

function bytesOf(encoded: Encoded): Buffer {
  return typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : Buffer.concat(encoded)
}

test('splicing changes the id and the token and not one byte beside', () => {
  const cargo = fc.json({ depthSize: 'medium' })
  const id = fc.oneof(
    fc.integer().map(String),
    fc.string({ unit: 'binary' }).map((s) => JSON.stringify(s)),
  )
  fc.assert(
    fc.property(
      cargo,
      id,
      id,
      fc.nat(1_000_000),
      fc.array(fc.nat(400)),
      fc.boolean(),
      (args, own, token, ours, cuts, idLast) => {
        const head = `"method":"tools/call","params":{"name":"t","arguments":${args},"n":9007199254740993,"x":1.0,"_meta":{"progressToken":`
        const build = (i: string, t: string) =>
          idLast
            ? `{"jsonrpc":"2.0",${head}${t}}},"id": ${i} }`
            : `{"jsonrpc":"2.0","id": ${i} ,${head}${t}}}}`
        const bytes = Buffer.from(build(own, token))
        const message = readBody(cut(bytes, cuts))
        if (!(message instanceof Message)) throw new Error('no message')
        const rewritten = message.rewrite([
          [message.envelope.id, String(ours)],
          [message.envelope.progressToken, String(ours)],
        ])
        expect(textOf(rewritten)).toBe(build(String(ours), String(ours)))
        expect(rewritten.byteLength).toBe(Buffer.byteLength(textOf(rewritten)))
        const back = read(textOf(rewritten))
        expect(textOf(back.rewrite([[back.envelope.id, message.id]]))).toBe(build(own, String(ours)))
      },
    ),
    { numRuns: 1000 },
  )
})

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const parts: Buffer[] = []
  let from = 0
  for (const at of cuts.toSorted((a, b) => a - b)) {
    if (at <= from || at >= bytes.length) continue
    parts.push(bytes.subarray(from, at))
    from = at
  }
  parts.push(bytes.subarray(from))
  return parts
}

test('what a child repeats is written once, the last one, so that nobody sees another', () => {
  const text =
    '{"jsonrpc":"2.0","id":1,"\\u0069d":"two","method":"x","params":{"_meta":{"progressToken":3}},"params":{"a":1}}'
  const bytes = Buffer.from(text)
  const scanner = new Scanner()
  scanner.push(bytes)
  const scan = scanner.finish()
  const message = scan.type === 'object' ? Message.of(scan.envelope, [bytes]) : undefined
  if (!(message instanceof Message)) throw new Error('no message')
  expect(message.id).toBe('"two"')
  expect(message.envelope).toMatchObject({
    doubted: ['id', 'params'],
    otherIds: ['1'],
    progressToken: undefined,
  })
  expect(textOf(message.rewrite([[message.envelope.id, '7']]))).toBe(
    '{"jsonrpc":"2.0","id":7,"method":"x","params":{"a":1}}',
  )
})

test('a large message stays a list of its chunks', () => {
  const chunk = Buffer.alloc(60_000, 'a')
  const parts = [Buffer.from('{"jsonrpc":"2.0","id":5,"result":{"text":"'), chunk, chunk, Buffer.from('"}}')]
  const message = readBody(parts)
  if (!(message instanceof Message)) throw new Error('no message')
  const out = message.rewrite([[message.envelope.id, '"client"']]).encode('data: ', '\n\n')
  if (typeof out === 'string') throw new Error('copied')
  expect(out.filter((part) => part.buffer === chunk.buffer)).toHaveLength(2)
  expect(bytesOf(out).toString()).toBe(
    `data: {"jsonrpc":"2.0","id":"client","result":{"text":"${'a'.repeat(120_000)}"}}\n\n`,
  )
})

test.each([
  ['{"jsonrpc":"2.0","id":1,"method":"x"}', 'request'],
  ['{"jsonrpc":"2.0","method":"x"}', 'notification'],
  ['{"jsonrpc":"2.0","id":"a","result":null}', 'response'],
  ['{"jsonrpc":"2.0","id":null,"error":{}}', 'response'],
])('%s is a %s', (text, kind) => {
  expect(read(text).kind).toBe(kind)
})

test.each([
  ['{"jsonrpc":"2.0","id":null,"method":"x"}', 'not_rpc'],
  ['{"jsonrpc":"2.0","id":[1],"method":"x"}', 'not_rpc'],
  ['{"jsonrpc":"2.0","id":1,"method":5}', 'not_rpc'],
  ['{"jsonrpc":"2.0","id":1,"result":1,"error":{}}', 'not_rpc'],
  ['{"jsonrpc":"2.0","id":1}', 'not_rpc'],
  ['{}', 'not_rpc'],
  ['{"id":1,"method":"GET","level":30}', 'not_rpc'],
  ['{"jsonrpc":"1.0","id":1,"method":"x"}', 'not_rpc'],
  ['null', 'not_rpc'],
  ['42', 'not_rpc'],
  ['"x"', 'not_rpc'],
  ['[]', 'not_rpc'],
  ['[1]', 'not_rpc'],
  ['', 'not_json'],
  ['{"jsonrpc":"2.0","id":1,}', 'not_json'],
  ['{"a":tru}', 'not_json'],
  ["{'a':1}", 'not_json'],
])('%s is refused as %s', (text, reason) => {
  expect(readBody([Buffer.from(text)])).toMatchObject({ reason })
})

test('what is not UTF-8 is refused, also when a chunk border cuts a character', () => {
  const euro = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"€"}')
  for (let i = 1; i < euro.length; i++) expect(areUtf8([euro.subarray(0, i), euro.subarray(i)])).toBe(true)
  expect(
    readBody([
      Buffer.from([...Buffer.from('{"jsonrpc":"2.0","method":"'), 0xe2, 0x82, ...Buffer.from('"}')]),
    ]),
  ).toMatchObject({
    reason: 'not_json',
  })
})

test('a batch is read as its messages', () => {
  const messages = readBody([
    Buffer.from('[{"jsonrpc":"2.0","id":1,"method":"a"},\n {"jsonrpc":"2.0","method":"b"}]'),
  ])
  if (!Array.isArray(messages)) throw new Error('no batch')
  expect(messages.map((message) => [message.kind, textOf(message)])).toEqual([
    ['request', '{"jsonrpc":"2.0","id":1,"method":"a"}'],
    ['notification', '{"jsonrpc":"2.0","method":"b"}'],
  ])
})

test('ids meet where JSON says they are equal, and notFound else', () => {
  expect(idKey('1')).toBe(idKey('1.0'))
  expect(idKey('"Ã©"')).toBe(idKey('"\\u00e9"'))
  expect(idKey('"a"')).toBe(idKey('"\\u0061"'))
  expect(idKey('1')).not.toBe(idKey('"1"'))
  expect(idKey('9007199254740993')).not.toBe(idKey('9007199254740992'))
})

test('a batch has a limit, whatever it holds', () => {
  expect(batch(1000)).toHaveLength(1000)
  expect(batch(1001)).toEqual({ reason: 'not_rpc', problem: 'a batch of more than 1000 messages' })
})

function batch(count: number) {
  return readBody([Buffer.from(`[${Array(count).fill('{"jsonrpc":"2.0","method":"a"}').join(',')}]`)])
}

test.each([
  ['{"jsonrpc":"2.0","id":1,"result":{"a":1},"error":null}', { result: { a: 1 } }],
  ['{"error" : null , "jsonrpc":"2.0","id":1,"result":{"a":1}}', { result: { a: 1 } }],
  ['{"jsonrpc":"2.0","error":null,"id":"1","result":{"error":null}}', { result: { error: null } }],
  ['{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":1}}', { error: { code: 1 } }],
  ['{"jsonrpc":"2.0","id":1,"\\u0065rror":null,"result":[null]}', { result: [null] }],
  ['{"jsonrpc":"2.0","id":1,"result":null,"error":null}', { result: null }],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","result":null,"error":null}', { method: 'ping' }],
])('a null beside what counts is taken out, whatever the chunks: %s', (text, rest) => {
  for (let size = 1; size <= text.length; size++) {
    const cuts = Array.from({ length: Math.floor(text.length / size) }, (_, i) => i * size)
    const message = readBody(cut(Buffer.from(text), cuts))
    if (!(message instanceof Message)) throw new Error(JSON.stringify(message))
    expect(message.envelope.hasError).toBe('error' in rest)
    const { id: _, ...whole } = JSON.parse(textOf(message)) as Record<string, unknown>
    expect(whole).toEqual({ jsonrpc: '2.0', ...rest })
    // Not one byte has moved.
    expect(textOf(message)).toHaveLength(text.length)
    expect(message.rewrite([[message.envelope.id, '7']]).json()).toEqual({ jsonrpc: '2.0', id: 7, ...rest })
  }
})

test('an error that is null, and nothing else, is no answer', () => {
  expect(readBody([Buffer.from('{"jsonrpc":"2.0","id":1,"error":null}')])).toMatchObject({
    reason: 'not_rpc',
  })
})
