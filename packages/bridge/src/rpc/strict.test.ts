import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Message, readBody } from './message.ts'

/** An object as it is written: its members in order. */
interface Written {
  members: [key: string, value: Value][]
}
type Value = Written | string | number | boolean | null | Value[]
type Pick = (object: Value | undefined, name: string) => Value | undefined

/** Readers as they are found in servers: what each takes for the member of that name. */
const READERS: [title: string, pick: Pick][] = [
  ['the last one', (object, name) => membersOf(object).findLast(([key]) => key === name)?.[1]],
  // Keys end at NUL: they are texts of C.
  ['the first one', (object, name) => membersOf(object).find(([key]) => untilNul(key) === name)?.[1]],
  [
    'the last that is not null',
    (object, name) => membersOf(object).findLast(([key, value]) => key === name && value !== null)?.[1],
  ],
  [
    'the last in any case that is not null, objects merged',
    (object, name) => {
      const all = membersOf(object).filter(([key, value]) => fold(key) === fold(name) && value !== null)
      const last = all.at(-1)?.[1]
      return isWritten(last) ? { members: all.flatMap(([, value]) => membersOf(value)) } : last
    },
  ],
]

const scalar = (value: Value | undefined): unknown => (typeof value === 'object' ? undefined : value)
const fold = (key: string): string => key.toUpperCase().toLowerCase()
const untilNul = (text: string): string => text.split('\0')[0] ?? ''

function isWritten(value: Value | undefined): value is Written {
  return typeof value === 'object' && value !== null && 'members' in value
}

function membersOf(value: Value | undefined): Written['members'] {
  return isWritten(value) ? value.members : []
}

/** What of a message decides where it goes and what is done. */
function read(message: Written, pick: Pick): object {
  const params = pick(message, 'params')
  const method = pick(message, 'method')
  return {
    method: typeof method === 'string' ? untilNul(method) : (method ?? undefined),
    id: scalar(pick(message, 'id')),
    name: method === 'tools/call' ? pick(params, 'name') : undefined,
    token: scalar(pick(pick(params, '_meta'), 'progressToken')),
    requestId: scalar(pick(params, 'requestId')),
    hasResult: (pick(message, 'result') ?? undefined) !== undefined,
    hasError: (pick(message, 'error') ?? undefined) !== undefined,
  }
}

/** The same as the bridge has it. */
function readByBridge(message: Message): object {
  const { method, id, progressToken, requestId, hasResult, hasError } = message.envelope
  const { params, result, error } = message.json() as Record<'params' | 'result' | 'error', any>
  return {
    method,
    id: scalarOf(id?.raw),
    name: method === 'tools/call' ? params.name : undefined,
    token: scalarOf(progressToken?.raw),
    requestId: scalarOf(requestId?.raw),
    hasResult: hasResult && result !== null,
    hasError: hasError && error !== null,
  }
}

function scalarOf(raw: string | undefined): unknown {
  return raw === undefined ? undefined : ((JSON.parse(raw) as unknown) ?? undefined)
}

const rpc = (...members: Written['members']): Written => ({ members: [['jsonrpc', '2.0'], ...members] })
const VALID: Written[] = [
  rpc(['id', 1], ['method', 'ping']),
  rpc(['id', 1], ['method', 'tools/call'], ['params', { members: [['name', 'read']] }]),
  rpc(
    ['method', 'tools/call'],
    [
      'params',
      {
        members: [
          ['arguments', { members: [['name', 'delete_all']] }],
          ['_meta', { members: [['progressToken', 'mine']] }],
          ['name', 'read'],
        ],
      },
    ],
    ['id', 1],
  ),
  rpc(['method', 'notifications/cancelled'], ['params', { members: [['requestId', 3]] }]),
  rpc(['id', 'q1'], ['result', { members: [['action', 'accept']] }]),
  rpc(['id', 'q1'], ['error', { members: [['code', 1]] }]),
]

const PLACES = [
  { path: [], names: ['jsonrpc', 'id', 'method', 'params', 'result', 'error'] },
  { path: ['params'], names: ['_meta', 'requestId', 'name', 'arguments'] },
  { path: ['params', '_meta'], names: ['progressToken'] },
]

const value: fc.Arbitrary<Value> = fc.constantFrom<Value[]>(
  ...[
    '2.0',
    'read',
    'delete_all',
    'tools/call',
    'tools/call\0',
    'ping',
    'notifications/cancelled',
    '7',
    '\0',
  ],
  ...[null, 7, true, [], [7]],
  { members: [] },
  { members: [['name', 'delete_all']] },
  { members: [['progressToken', 7]] },
  { members: [['_meta', { members: [['progressToken', 7]] }]] },
  { members: [['requestId', 7]] },
)

/** A name, and what some reader may take for it, or nobody. */
function keyLike(names: readonly string[]): fc.Arbitrary<string> {
  const folds = { s: '\u017f', k: '\u212a' }
  return fc
    .tuple(fc.constantFrom(...names), fc.nat(20), fc.string({ maxLength: 90 }))
    .chain(([name, at, rest]) => {
      const i = at % name.length
      const capital = name.slice(0, i) + name[i]!.toUpperCase() + name.slice(i + 1)
      const other = name.replaceAll(/[sk]/g, (c) => folds[c as 's' | 'k'])
      return fc.constantFrom(
        name,
        name,
        name.toUpperCase(),
        capital,
        other,
        `${name}\0${rest}`,
        `${name}${rest}`,
      )
    })
}

const change = fc
  .constantFrom(...PLACES)
  .chain(({ path, names }) =>
    fc.record({ path: fc.constant(path), at: fc.nat(5), removes: fc.nat(1), key: keyLike(names), value }),
  )

/** The same with one member more, or another in the place of one, in the object at the end of the path. */
function changed(
  object: Written,
  by: { at: number; removes: number; key: string; value: Value },
  path: string[],
): Written {
  const [next, ...rest] = path
  const { members } = object
  if (next === undefined)
    return { members: members.toSpliced(by.at % (members.length + 1), by.removes, [by.key, by.value]) }
  return {
    members: members.map(([key, old]) => [
      key,
      key === next && isWritten(old) ? changed(old, by, rest) : old,
    ]),
  }
}

/** As JSON, some characters of the keys written as escapes. */
function textOf(value: Value, escapes: readonly boolean[]): string {
  if (Array.isArray(value)) return `[${value.map((each) => textOf(each, escapes)).join()}]`
  if (!isWritten(value)) return JSON.stringify(value)
  const members = value.members.map(([key, each]) => `${keyText(key, escapes)}:${textOf(each, escapes)}`)
  return `{${members.join()}}`
}

function keyText(key: string, escapes: readonly boolean[]): string {
  const units = key
    .split('')
    .map((unit, i) =>
      escapes[i % escapes.length] === true
        ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
        : JSON.stringify(unit).slice(1, -1),
    )
  return `"${units.join('')}"`
}

test('what a client says reads alike to whoever reads it, or is refused', () => {
  let accepted = 0
  let refused = 0
  const property = fc.property(
    fc.constantFrom(...VALID),
    fc.array(change, { maxLength: 3 }),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
    fc.nat(100),
    (valid, changes, escapes, cut) => {
      const written = changes.reduce((object, by) => changed(object, by, by.path), valid)
      const bytes = Buffer.from(textOf(written, escapes))
      const message = readBody([bytes.subarray(0, cut), bytes.subarray(cut)])
      if (!(message instanceof Message)) return void refused++
      accepted++
      const ours = readByBridge(message)
      for (const [title, pick] of READERS) expect([title, read(written, pick)]).toEqual([title, ours])
    },
  )
  fc.assert(property, { numRuns: 10_000 })
  expect(accepted).toBeGreaterThan(1000)
  expect(refused).toBeGreaterThan(1000)
})

const CALL = '"jsonrpc":"2.0","id":7,"method":"tools/call"'

test.each([
  [`{${CALL},"id":7,"params":{"name":"a"}}`, undefined],
  [`{${CALL},"ID":8,"params":{"name":"a"}}`, undefined],
  [`{${CALL},"RESULT":{},"params":{"name":"a"}}`, undefined],
  [`{${CALL},"Method":"ping","params":{"name":"a"}}`, '7'],
  [`{${CALL},"params":{"name":"a","name":"a"}}`, '7'],
  [`{${CALL},"params":{"name":"a","_META":{}}}`, '7'],
  [`{${CALL},"params":{"name":"a","arguments":{"a":1},"arguments":{"a":2}}}`, '7'],
  [`{${CALL},"params":{"name":"a","arguments":{"a":1},"Argument\\u017f":{"a":2}}}`, '7'],
  ['{"jsonrpc":"2.0","id":7,"method":"tasks/get","params":{"taskId":"a","taskid":"b"}}', '7'],
  [`{${CALL},"params":{"name":"a","_meta":{"progressToken":1,"ProgressToken":2}}}`, '7'],
  [`{${CALL},"params":{"name":"a","_meta":{"progressToken":[1]}}}`, '7'],
  [`{${CALL},"params":{"name":null}}`, '7'],
  [`{${CALL},"params":{"name":5}}`, '7'],
  [`{${CALL},"params":{"name":["a"]}}`, '7'],
  [`{${CALL},"params":{"Name":"a"}}`, '7'],
  [`{${CALL},"params":{}}`, '7'],
  [`{${CALL},"params":null}`, '7'],
  [`{${CALL},"params":["a"]}`, '7'],
  [`{${CALL}}`, '7'],
  ['{"jsonrpc":"2.0","id":"x","method":"ping","params":[]}', '"x"'],
  ['{"jsonrpc":"2.0","id":"x","method":"ping\\u0000"}', '"x"'],
  ['{"jsonrpc":"2.0","id":"x","method":"notifications/cancelled","params":{"requestId":1}}', '"x"'],
  ['{"jsonrpc":"2.0","method":"tools/call","params":{"name":1}}', undefined],
  ['{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"RequestId":2}}', undefined],
  ['{"jsonrpc":"2.0","id":"q1","result":{},"RESULT":{}}', undefined],
  ['{"jsonrpc":"2.0","id":"q1","error":{},"Error":{}}', undefined],
])('%s is refused', (text, id) => {
  expect(readBody([Buffer.from(text)])).toEqual({
    reason: 'not_rpc',
    problem: expect.any(String),
    ...(id && { id }),
  })
})

test.each([
  `{${CALL},"params":{"name":"a","arguments":{"name":1,"NAME":2,"name":3,"id":4}},"Idx":5,"x":{"id":1,"ID":2}}`,
  `{${CALL},"params":{"name":"","_meta":{"progressToken":null,"method":1,"Method":2},"cursor":1,"Cursor":2}}`,
  '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}',
  '{"jsonrpc":"2.0","id":1,"method":"x/y","params":{"id":1,"ID":2,"method":3,"Method":4}}',
  '{"jsonrpc":"2.0","id":1,"result":{"id":1,"ID":2,"name":3,"Name":4}}',
])('%s is taken, and goes on as it came', (text) => {
  const message = readBody([Buffer.from(text)])
  expect(message instanceof Message && message.encode('', '')).toBe(text)
})

test('one element of a batch that is refused refuses the batch', () => {
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
  expect(readBody([Buffer.from(`[${ping},${ping}]`)])).toHaveLength(2)
  expect(readBody([Buffer.from(`[${ping},{"ID":2,${ping.slice(1)}]`)])).toMatchObject({ reason: 'not_rpc' })
})
