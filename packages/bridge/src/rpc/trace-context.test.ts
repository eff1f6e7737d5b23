import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Message, readBody } from './message.ts'
import { arrivalOf, parseTraceparent, told, traceparentOf, type TraceHeaders } from './trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const PARENT = `00-${TRACE}-${SPAN}-01`
const OUTER = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`
const OWN = { traceId: TRACE, spanId: 'c'.repeat(16), isSampled: true, state: undefined }

function read(text: string): Message {
  const message = readBody([Buffer.from(text)])
  if (message instanceof Message) return message
  throw new Error(JSON.stringify(message))
}

function meta(text: string): unknown {
  return JSON.parse(text).params._meta
}

function written(message: Message): string {
  const encoded = message.encode('', '')
  const bytes = typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : Buffer.concat(encoded)
  return bytes.toString('utf8')
}

/** What the child gets of a request: told that it belongs to `OWN`, or to that in the state of its parent. */
function toldOf(text: string, headers?: TraceHeaders): string {
  const message = read(text)
  const arrival = arrivalOf(message, headers)
  return written(told(message, { ...OWN, state: arrival.parent?.state }, arrival))
}

test.each([
  [PARENT, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`00-${TRACE}-${SPAN}-ff`, true],
  [`cc-${TRACE}-${SPAN}-01-what-will-be`, true],
])('%s is a parent, sampled: %s', (text, isSampled) => {
  expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled, state: undefined })
})

test.each([
  '',
  'x',
  PARENT.toUpperCase(),
  `${PARENT}-more`,
  `${PARENT} `,
  ` ${PARENT}`,
  `${PARENT}\n`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}${SPAN}-01`,
  `cc-${TRACE}-${SPAN}-01.what`,
  `cc-${TRACE}-${SPAN}-01-${'x'.repeat(600)}`,
])('%j is no parent', (text) => {
  expect(parseTraceparent(text)).toBeUndefined()
})

test.each([
  ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', true],
  ['a=1, b@c=2 ,,d=', true],
  ['A=1', false],
  ['novalue', false],
  ['a=1=2', false],
  ['a=ü', false],
  ['a=1\r\nx: y', false],
  [Array.from({ length: 40 }, (_, i) => `k${i}=1`).join(','), false],
  [`a=${'x'.repeat(1000)}`, false],
])('tracestate %j counts: %s', (state, counts) => {
  expect(parseTraceparent(PARENT, state)?.state).toBe(counts ? state : undefined)
})

test('a hostile list is read in time that grows with its length', () => {
  const from = performance.now()
  for (const state of [
    ' '.repeat(511) + '!',
    ', '.repeat(255) + '!',
    'a='.repeat(255),
    '\t'.repeat(510) + 'A',
  ])
    expect(parseTraceparent(PARENT, state)?.state).toBeUndefined()
  expect(performance.now() - from).toBeLessThan(1000)
})

test('a parent in _meta goes before one in the headers, which is then what it came along with', () => {
  const message = read(`{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"traceparent":"${PARENT}"}}}`)
  expect(arrivalOf(message, { traceparent: OUTER })).toMatchObject({
    parent: { traceId: TRACE, spanId: SPAN },
    ambient: { traceId: 'a'.repeat(32) },
    isOwn: true,
  })
  expect(arrivalOf(message, { traceparent: PARENT }).ambient).toBeUndefined()
  const bare = read('{"jsonrpc":"2.0","id":1,"method":"m"}')
  expect(arrivalOf(bare, { traceparent: OUTER, tracestate: 'a=1' })).toMatchObject({
    parent: { traceId: 'a'.repeat(32), isSampled: false, state: 'a=1' },
    ambient: undefined,
    isOwn: false,
  })
  expect(arrivalOf(bare, { baggage: 'a=1' }).parent).toBeUndefined()
})

test.each(['5', 'null', `"${PARENT}${'x'.repeat(100_000)}"`, `"${PARENT}","traceparent":"${PARENT}"`])(
  'one in _meta that nobody can read (%.60s…) leaves the word to the headers',
  (value) => {
    const message = read(`{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"traceparent":${value}}}}`)
    expect(arrivalOf(message, { traceparent: OUTER }).parent?.traceId).toBe('a'.repeat(32))
    const child = written(told(message, OWN, arrivalOf(message, undefined)))
    expect(JSON.parse(child).params._meta).toEqual({ traceparent: traceparentOf(OWN) })
  },
)

const META = `"traceparent":"${traceparentOf(OWN)}"`
test.each([
  ['"id":1,"method":"m"', `"id":1,"params":{"_meta":{${META}}},"method":"m"`],
  ['"method":"m","id":1', `"method":"m","id":1,"params":{"_meta":{${META}}}`],
  ['"id":1,"method":"m","params":null', `"id":1,"method":"m","params":{"_meta":{${META}}}`],
  ['"id":1,"method":"m","params":{ }', `"id":1,"method":"m","params":{"_meta":{${META}} }`],
  ['"id":1,"method":"m","params":{"a": 1.0}', `"id":1,"method":"m","params":{"_meta":{${META}},"a": 1.0}`],
  ['"id":1,"method":"m","params":{"_meta":{}}', `"id":1,"method":"m","params":{"_meta":{${META}}}`],
  [
    '"id":1,"method":"m","params":{"_meta":{"a":1}}',
    `"id":1,"method":"m","params":{"_meta":{${META},"a":1}}`,
  ],
  ['"id":1,"method":"m","params":{"_meta":7}', `"id":1,"method":"m","params":{"_meta":7}`],
  [
    `"id":1,"method":"m","params":{"_meta":{"a":1, "traceparent" : "${PARENT}" ,"tracestate":"x=1"},"b":"é"}`,
    `"id":1,"method":"m","params":{"_meta":{"a":1, "traceparent" : "${traceparentOf(OWN)}","tracestate":"x=1"},"b":"é"}`,
  ],
])('the child of {%s} is told, and nothing else is changed', (members, expected) => {
  expect(toldOf(`{"jsonrpc":"2.0",${members}}`)).toBe(`{"jsonrpc":"2.0",${expected}}`)
})

test('what else the headers carry goes along with their parent', () => {
  const headers = { traceparent: OUTER, tracestate: 'a=1', baggage: 'user="x"' }
  const bare = '{"jsonrpc":"2.0","id":1,"method":"m","params":{}}'
  const traceparent = traceparentOf(OWN)
  expect(meta(toldOf(bare, headers))).toEqual({ traceparent, tracestate: 'a=1', baggage: 'user="x"' })
  const faulty = bare.replace(
    '{}',
    '{"_meta":{"traceparent":"no","tracestate":"of=nobody","baggage":"own=1"}}',
  )
  expect(meta(toldOf(faulty, headers))).toEqual({ traceparent, tracestate: 'a=1', baggage: 'own=1' })
  const own = bare.replace('{}', `{"_meta":{"traceparent":"${PARENT}"}}`)
  expect(meta(toldOf(own, headers))).toEqual({ traceparent, baggage: 'user="x"' })
  expect(meta(toldOf(bare, { ...headers, baggage: 'x=ü' }))).toEqual({ traceparent, tracestate: 'a=1' })
})

test('whatever the request holds, the child reads the same and the trace; its number and token are rewritten besides', () => {
  const meta = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }))
  const params = fc.option(fc.record({ _meta: meta, arguments: fc.jsonValue() }, { requiredKeys: [] }), {
    nil: undefined,
  })
  fc.assert(
    fc.property(params, fc.boolean(), fc.array(fc.nat(200)), (given, isTraced, cuts) => {
      const _meta = { ...given?._meta, progressToken: 'p', ...(isTraced ? { traceparent: PARENT } : {}) }
      // As JSON says it: -0 is 0 there.
      const request = JSON.parse(
        JSON.stringify({ jsonrpc: '2.0', id: 'own', method: 'm', params: { ...given, _meta } }),
      )
      const message = readBody(cut(Buffer.from(JSON.stringify(request)), cuts))
      if (!(message instanceof Message)) return
      const changed = told(message, OWN, arrivalOf(message, undefined))
      const { id, progressToken } = message.envelope
      const numbered = changed.rewrite([
        [id, '7'],
        [progressToken, '7'],
      ])
      const read = { ...request.params._meta, progressToken: 7, traceparent: traceparentOf(OWN) }
      expect(JSON.parse(written(numbered))).toEqual({
        ...request,
        id: 7,
        params: { ...request.params, _meta: read },
      })
      expect(numbered.byteLength).toBe(Buffer.byteLength(written(numbered)))
      expect(written(message)).toBe(JSON.stringify(request))
    }),
    { numRuns: 500 },
  )
})

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.filter((each) => each < bytes.length), bytes.length].toSorted((a, b) => a - b)
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}
