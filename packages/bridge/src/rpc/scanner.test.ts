import fc from 'fast-check'
import { expect, test } from 'vitest'
import { REVISION_KEY } from './revisions.ts'
import { Scanner, type Scan, type Span } from './scanner.ts'

function scan(text: string | Buffer, cuts: readonly number[] = []): Scan {
  const bytes = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text)
  const scanner = new Scanner()
  let from = 0
  for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
    const to = Math.min(cut, bytes.length)
    scanner.push(bytes.subarray(from, Math.max(from, to)))
    from = Math.max(from, to)
  }
  return scanner.finish()
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** JSON texts with what a serialiser never writes: spaces, escapes, repeated members, odd numbers. */
const jsonText = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('true', 'false', 'null', '1.0', '-0', '1e3', '9007199254740993', '-12.5E-7', '0'),
    fc.string({ unit: 'binary' }).map((s) => JSON.stringify(s)),
    fc.constantFrom('"\\u0069d"', '"\\ud83d\\ude00"', '"a\\\\"', '"€"', '"\u2028"'),
    tie('object'),
    tie('array'),
  ),
  array: fc
    .tuple(fc.array(tie('value'), { maxLength: 4 }), space())
    .map(([items, gap]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
  object: fc
    .tuple(fc.array(fc.tuple(memberKey(), tie('value')), { maxLength: 5 }), space())
    .map(
      ([members, gap]) =>
        `{${gap}${members.map(([key, value]) => `${key}${gap}:${gap}${value}`).join(`${gap},`)}${gap}}`,
    ),
}))

function space(): fc.Arbitrary<string> {
  return fc.constantFrom('', ' ', '\n', '\r\n\t', '  ')
}

function memberKey(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(
      ...[
        'id',
        'method',
        'params',
        'result',
        'error',
        '_meta',
        'progressToken',
        'requestId',
        'task',
        'name',
        'requestState',
        'inputResponses',
        REVISION_KEY,
        'x',
      ].map((key) => JSON.stringify(key)),
      '"\\u0069d"',
      '"m\\u0065thod"',
    ),
    fc.string().map((s) => JSON.stringify(s)),
  )
}

test('accepts what JSON.parse accepts, whatever the chunks', () => {
  fc.assert(
    fc.property(jsonText.value, fc.array(fc.nat(300), { maxLength: 4 }), (text, cuts) => {
      expect(scan(text, cuts).type).not.toBe('malformed')
    }),
    { numRuns: 2000 },
  )
})

test('refuses what JSON.parse refuses: any text with one byte changed, removed or added', () => {
  const noise = fc.constantFrom(
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    '1',
    '-',
    '.',
    'e',
    't',
    ' ',
    '\u0001',
    '',
  )
  fc.assert(
    fc.property(jsonText.value, fc.nat(200), noise, fc.boolean(), (text, at, char, replace) => {
      const i = at % (text.length + 1)
      const broken = text.slice(0, i) + char + text.slice(replace ? i + 1 : i)
      expect(scan(broken).type !== 'malformed').toBe(parses(broken))
    }),
    { numRuns: 5000 },
  )
})

test('reads the envelope as JSON.parse reads it, unless in doubt: escaped keys, any chunks', () => {
  fc.assert(
    fc.property(jsonText.object, fc.array(fc.nat(300), { maxLength: 4 }), (text, cuts) => {
      const verdict = scan(text, cuts)
      if (verdict.type !== 'object') throw new Error(verdict.type)
      const { envelope } = verdict
      if (envelope.doubted.length > 0) return
      // Own members only: a "__proto__" key is an ordinary member to JSON.parse.
      const value = JSON.parse(text) as Record<string, unknown>
      const params = own(value, 'params')
      const meta = own(params, '_meta')
      expect(envelope.method).toBe(
        typeof own(value, 'method') === 'string' ? own(value, 'method') : undefined,
      )
      expect(envelope.hasId).toBe(Object.hasOwn(value, 'id'))
      expect(envelope.hasResult).toBe(Object.hasOwn(value, 'result'))
      expect(envelope.hasError).toBe(Object.hasOwn(value, 'error'))
      expect(envelope.hasTask).toBe(own(params, 'task') !== undefined)
      expect(valueOf(envelope.id?.raw)).toEqual(scalar(own(value, 'id')))
      expect(valueOf(envelope.token?.raw)).toEqual(scalar(own(params, 'progressToken')))
      expect(valueOf(envelope.requestId?.raw)).toEqual(scalar(own(params, 'requestId')))
      expect(valueOf(envelope.progressToken?.raw)).toEqual(scalar(own(meta, 'progressToken')) ?? undefined)
      const name = own(params, 'name')
      expect(at(text, envelope.name)).toBe(typeof name === 'string' ? name : undefined)
      expect(envelope.isModern).toBe(own(meta, REVISION_KEY) !== undefined)
      expect(at(text, envelope.meta)).toEqual(isObject(meta) ? meta : undefined)
      expect(envelope.hasOddMeta).toBe(meta !== undefined && !isObject(meta))
      const { paramsAt } = envelope
      expect(paramsAt === -1 ? undefined : Buffer.from(text)[paramsAt]).toBe(
        isObject(own(value, 'params')) ? 0x7b : undefined,
      )
      expect(envelope.isRetry).toBe(
        own(params, 'requestState') !== undefined || own(params, 'inputResponses') !== undefined,
      )
    }),
    { numRuns: 3000 },
  )
})

function at(text: string, span: Span | undefined): unknown {
  return span === undefined
    ? undefined
    : JSON.parse(Buffer.from(text).subarray(span.start, span.end).toString('utf8'))
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}

function scalar(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? undefined : value
}

function valueOf(raw: string | undefined): unknown {
  return raw === undefined ? undefined : JSON.parse(Buffer.from(raw, 'latin1').toString('utf8'))
}

test('names the places of the elements of a batch', () => {
  const text = '[ {"a":[1,{}]} , 2,"x" ]'
  const verdict = scan(text)
  if (verdict.type !== 'array') throw new Error(verdict.type)
  expect(verdict.elements.map(({ start, end }) => text.slice(start, end))).toEqual([
    '{"a":[1,{}]}',
    '2',
    '"x"',
  ])
})

test('overwrites line breaks between tokens, and nothing else', () => {
  const bytes = Buffer.from('{\r\n  "id": 1,\n\t"method": "a\\nb"\r}')
  const scanner = new Scanner()
  scanner.push(bytes)
  expect(scanner.finish().type).toBe('object')
  expect(bytes.toString()).toBe('{    "id": 1, \t"method": "a\\nb" }')
})

test('depth is bounded', () => {
  expect(scan('['.repeat(4000) + ']'.repeat(4000)).type).toBe('array')
  expect(scan('['.repeat(5000) + ']'.repeat(5000)).type).toBe('malformed')
})

test.each([
  ['{"id":1,"id":1}', ['id']],
  ['{"id":1,"\\u0069d":2}', ['id']],
  ['{"id":1,"i\\u0044":2}', ['id']],
  ['{"Id":1}', ['id']],
  ['{"\u0131d":1}', ['id']],
  ['{"\u0130d":1}', ['id']],
  ['{"id\\u0000":1}', ['id']],
  [`{"id\\u0000${'\\u0061'.repeat(300)}":1}`, ['id']],
  [`{"\\u0049d\\u0000${'a'.repeat(300_000)}":1}`, ['id']],
  ['{"METHOD":1,"param\u017F":2,"Error":3}', ['method', 'params', 'error']],
  ['{"re\u017fult":1}', ['result']],
  ['{"params":{"ta\u017fk":1,"reque\ufb06Id":2,"name":3,"name":4}}', ['name', 'requestId', 'task']],
  ['{"params":{"tas\u212a":1,"_Meta":{"progressToken":1,"progressToken":1}}}', ['_meta', 'task']],
  ['{"params":{"_meta":{"PROGRESSTOKEN":1}},"params":{}}', ['params', 'progressToken']],
  // None of these is another's name.
  ['{"id":1,"idx":2,"i":3,"":4,"\\u0000id":5,"id ":6,"iD\\\\u0000":7,"\u00efd":8}', []],
  [`{"id":1,"id${'x'.repeat(300)}":2,"${'\\u0049'.repeat(300)}":3,"id${'\\\\u0000'.repeat(50)}":4}`, []],
  ['{"name":1,"Name":2,"params":{"id":3,"ID":4,"arguments":{"name":5,"NAME":6,"name":7}}}', []],
  ['{"result":{"id":1,"Id":2,"params":{"_meta":{},"_meta":{}}},"params":[{"name":1,"Name":2}]}', []],
])('%.100s: in doubt is %j, whatever the chunks', (text, doubted) => {
  for (const size of [1, 2, 7, 64 * 1024, 1_000_000]) {
    const bytes = Buffer.from(text)
    const scanner = new Scanner()
    for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size))
    expect(scanner.finish()).toMatchObject({ type: 'object', envelope: { doubted } })
  }
})

test('whatever else may be taken for the id is kept', () => {
  expect(scan('{"ID":1,"id":"two","iD":3,"id":4,"Id":{}}')).toMatchObject({
    envelope: { otherIds: ['1', '3', '"two"'] },
  })
  expect(scan(`{${Array.from({ length: 100 }, (_, n) => `"ID":${n}`).join()}}`)).toMatchObject({
    envelope: { otherIds: { length: 16 } },
  })
  expect(scan('{"id":4}')).toMatchObject({ envelope: { id: { raw: '4' }, otherIds: [] } })
})

test('a long key is passed over, whatever the chunks', () => {
  for (const key of ['k'.repeat(300_000), '\\u0041'.repeat(50_000)]) {
    const text = `{"jsonrpc":"2.0","id":7,"${key}":1,"method":"ping","params":{"${key}":1,"_meta":{"${key}":1,"progressToken":5}}}`
    for (const size of [8 * 1024, 100_000]) {
      const scanner = new Scanner()
      for (let at = 0; at < text.length; at += size) scanner.push(Buffer.from(text.slice(at, at + size)))
      const envelope = { isRpc: true, id: { raw: '7' }, method: 'ping', progressToken: { raw: '5' } }
      expect(scanner.finish()).toMatchObject({ type: 'object', envelope })
    }
  }
})
