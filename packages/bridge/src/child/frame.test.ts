import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Framer, type Frame } from './frame.ts'

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
  return frame.type === 'noise' ? `noise: ${frame.preview}` : `too large: ${frame.id?.raw} ${frame.bytes}`
}

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
    ...lines.slice(0, 7).map((text) => `noise: ${text}`),
    answer(1, 'saved'),
    answer(2, 'plain'),
  ])
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
})
