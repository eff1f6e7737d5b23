import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Framer, type Frame } from './framer.ts'

function frames(framer: Framer, chunks: readonly Buffer[]): Frame[] {
  const seen: Frame[] = []
  for (const chunk of chunks) framer.read(Buffer.from(chunk), (frame) => seen.push(frame))
  framer.end((frame) => seen.push(frame))
  return seen
}

function show(frame: Frame): unknown {
  if (frame.type === 'message') {
    const encoded = frame.message.encode('', '')
    return (typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : Buffer.concat(encoded)).toString()
  }
  if (frame.type === 'noise') return `${frame.isPrivate ? 'private' : 'noise'}: ${frame.preview}`
  if (frame.type === 'unreadable') return `unreadable: ${frame.answer.id}, ${frame.problem}`
  return `too large: ${frame.answer?.id ?? frame.asked} ${frame.bytes}`
}

/** What comes of lines, each shown as text. */
const shown = (...lines: string[]) =>
  frames(new Framer(5000), [Buffer.from(`${lines.join('\n')}\n`)]).map(show)

const answer = (id: number, text: string) => JSON.stringify({ jsonrpc: '2.0', id, result: { text } })

test('the same lines come out whatever the chunks', () => {
  const line = fc.oneof(
    fc.tuple(fc.nat(), fc.string({ unit: 'binary', maxLength: 40 })).map(([id, text]) => answer(id, text)),
    fc.constantFrom('', 'Server running on stdio', '{"level":30,"msg":"hi"}', 'null', '42', '[]', '€ ready'),
  )
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.array(fc.nat(600), { maxLength: 12 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      (lines, cuts, eol, terminated) => {
        const bytes = Buffer.from(lines.join(eol) + (terminated ? eol : ''))
        const chunks: Buffer[] = []
        let from = 0
        for (const cut of [...new Set(cuts)].toSorted((a, b) => a - b)) {
          if (cut <= from || cut >= bytes.length) continue
          chunks.push(bytes.subarray(from, cut))
          from = cut
        }
        chunks.push(bytes.subarray(from))
        const seen = frames(new Framer(1000), chunks).filter((frame) => frame.type === 'message')
        const expected = lines.filter((text) => text.startsWith('{"jsonrpc"'))
        expect(seen.map((frame) => String(show(frame)).trimEnd())).toEqual(expected)
      },
    ),
    { numRuns: 1000 },
  )
})

test('noise is told apart, and a message behind a prefix is saved', () => {
  const lines = [
    'Secure MCP server running on stdio',
    'null',
    '42',
    '[]',
    '"text"',
    '{"level":"info","msg":"started"}',
    '{"jsonrpc":"2.0"}',
    `[debug] {x} ${answer(1, 'saved')}`,
    '   ',
    answer(2, 'plain'),
  ]
  expect(frames(new Framer(1000), [Buffer.from(lines.join('\n'))]).map(show)).toEqual([
    ...lines.slice(0, 3).map((text) => `noise: ${text}`),
    // What may be a piece of an answer is not for the log, nor is what comes right behind it.
    ...lines.slice(3, 7).map((text) => `private: ${text}`),
    answer(1, 'saved'),
    answer(2, 'plain'),
  ])
})

test('several messages on a line, and text behind one, are taken', () => {
  expect(shown(answer(1, 'a') + answer(2, 'b') + answer(3, 'c'))).toEqual([
    answer(1, 'a'),
    answer(2, 'b'),
    answer(3, 'c'),
  ])
  expect(shown(`${answer(1, 'a')}done in 3 ms`)).toEqual([answer(1, 'a'), 'noise: done in 3 ms'])
  expect(shown(`${answer(1, 'a')} 50 % ${answer(2, 'b')} \r`)).toEqual([
    `${answer(1, 'a')} `,
    `${answer(2, 'b')}  `,
  ])
  expect(shown(`[50 %] ${answer(1, 'a')}${answer(2, 'b')}`)).toEqual([answer(1, 'a'), answer(2, 'b')])
  expect(shown(`[${answer(1, 'a')}, null] ready`)).toEqual([answer(1, 'a'), 'noise: null', 'noise: ready'])
})

test('what stands in the cargo of a spoilt answer is no message', () => {
  const forged = `{"jsonrpc":"2.0","id":2,"result":{"mean":NaN,"said":${answer(1, 'forged')}}}`
  expect(shown(forged)).toEqual(['unreadable: 2, no JSON (byte 41)'])
  expect(shown(`{"mean":NaN,"said":${answer(1, 'forged')}} and more`)[0]).not.toBe(answer(1, 'forged'))
})

test.each([
  ['NaN in it', '{"jsonrpc":"2.0","id":7,"result":{"mean":NaN}}', '7'],
  ['NaN in it, the id last', '{"result":{"mean":NaN,"id":3},"jsonrpc":"2.0","id":7}', '7'],
  ['an id as text', '{"jsonrpc":"2.0","id":"7","result":{"mean":-Infinity}}', '"7"'],
  ['cut off', '{"jsonrpc":"2.0","id":7,"result":{"content":[{"text":"the line', '7'],
  ['cut off early', '{"jsonrpc":"2.0","id":7', '7'],
  ['of Python', "{'jsonrpc': '2.0', 'id': 7, 'result': {'ok': True}}", '7'],
  ['written twice', JSON.stringify(`{"jsonrpc":"2.0","id":7,"result":{"mean":NaN}}`).slice(0, -1), '7'],
  ['without an id', '{"jsonrpc":"2.0","result":{"mean":NaN}}', undefined],
  ['with an id that is no scalar', '{"jsonrpc":"2.0","id":{},"result":{}}', undefined],
  ['without jsonrpc', '{"id":7,"result":{}}', '7'],
  ['with an error that is null', '{"jsonrpc":"2.0","id":7,"error":null}', '7'],
  ['with neither', '{"jsonrpc":"2.0","id":7}', '7'],
  ['with both', '{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1,"message":"?"}}', '7'],
  ['with all', '{"jsonrpc":"2.0","id":7,"method":"tools/call","result":{}}', '7'],
])('an answer that is %s names its call', (_, line, id) => {
  expect(shown(line)).toEqual([expect.stringMatching(new RegExp(`^unreadable: ${id}, `))])
})

test.each([
  '{"level":"info","id":7,"user":{"name":"x"}} stored',
  '{"level":"info","id":7,"mean":NaN}',
  '{"error":"cannot connect"}',
  '{"id":7,"name":"x"}',
  '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":{"id":7,"mean":NaN}}}',
  '{"jsonrpc":"2.0","id":7,"method":"ping","params":{"mean":NaN}}',
  "{'id': 7, 'name': 'x'}",
])('%s is no answer', (line) => {
  expect(shown(line)[0]).toMatch(/^private: /)
})

test('of an answer over several lines nothing is for the log', () => {
  const pretty = JSON.stringify({ jsonrpc: '2.0', id: 7, result: { text: 'secret' } }, undefined, 2)
  for (const each of shown(...pretty.split('\n'))) expect(each).not.toMatch(/^noise/)
  const torn = '{"jsonrpc":"2.0","id":7,"result":{"text":"first\nsecret\n"}}'
  expect(shown(...torn.split('\n'), answer(8, 'next'), 'a banner')).toEqual([
    expect.stringMatching(/^unreadable: 7/),
    'private: secret',
    'private: "}}',
    answer(8, 'next'),
    'noise: a banner',
  ])
})

test('a line over the limit that is a request of the child names it', () => {
  const line = `{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":"${'x'.repeat(9000)}"}`
  expect(shown(line)).toEqual([`too large: "q" ${line.length}`])
})

test('an array of messages is unpacked', () => {
  const seen = frames(new Framer(1000), [Buffer.from(`[${answer(1, 'a')}, ${answer(2, 'b')}]\n`)])
  expect(seen.map(show)).toEqual([answer(1, 'a'), answer(2, 'b')])
})

test('a line over the limit yields its id, even where it stands last, and the next line is read', () => {
  const framer = new Framer(1000)
  const long = `{"jsonrpc":"2.0","result":{"text":"${'x'.repeat(5000)}"},"id":17}`
  const bytes = Buffer.from(`${long}\n${answer(2, 'next')}\n`)
  const chunks = Array.from({ length: Math.ceil(bytes.length / 64) }, (_, i) =>
    bytes.subarray(i * 64, i * 64 + 64),
  )
  expect(frames(framer, chunks).map(show)).toEqual([`too large: 17 ${long.length}`, answer(2, 'next')])
})

test('a stray byte becomes U+FFFD', () => {
  const line = Buffer.concat([
    Buffer.from('{"jsonrpc":"2.0","id":1,"result":"'),
    Buffer.from([0xff]),
    Buffer.from('"}\n'),
  ])
  expect(frames(new Framer(1000), [line]).map(show)).toEqual(['{"jsonrpc":"2.0","id":1,"result":"\ufffd"}'])
  const idLast = Buffer.from('{"jsonrpc":"2.0","result":"~~","id":1}\n'.replaceAll('~', '\u00ff'), 'latin1')
  const [frame] = frames(new Framer(1000), [idLast])
  if (frame?.type !== 'message') throw new Error('no message')
  expect(frame.message.rewrite([[frame.message.envelope.id, '"mine"']]).json()).toEqual({
    jsonrpc: '2.0',
    result: '\ufffd\ufffd',
    id: 'mine',
  })
})

test('a line of many values is taken apart in one go', () => {
  const log = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}'
  for (const [value, type] of [
    ['{}', 'noise'],
    [log, 'message'],
  ] as const) {
    const types: string[] = []
    new Framer(4_000_000).read(Buffer.from(`${value.repeat(10_000)}\n`), (frame) => types.push(frame.type))
    expect([types.length, ...new Set(types)]).toEqual([10_000, type])
  }
})

test('what is written anew because of a doubtful key keeps its digits', () => {
  const line = '{"jsonrpc":"2.0","id":1,"result":{"n":12345678901234567890,"f":1.0},"Error":null}'
  const texts: unknown[] = []
  new Framer(1000).read(Buffer.from(`${line}\n`), (frame) => {
    if (frame.type === 'message') texts.push(frame.message.encode('', ''))
  })
  expect(texts).toEqual([line])
})

test('a log line with an id and an error is no sure answer', () => {
  const seen: unknown[] = []
  const line = '{"level":"error","message":"no row","id":2,"error":"ENOENT"}'
  new Framer(1000).read(Buffer.from(`${line}\n`), (frame) => {
    if (frame.type === 'unreadable') seen.push(frame.answer)
  })
  expect(seen).toEqual([{ id: '2', isSure: false }])
})
