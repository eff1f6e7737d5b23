import { expect, test } from 'vitest'
import type { CallEvent } from '../telemetry/events.ts'
import { CallSums } from './call-sums.ts'
import { ChildNumbers } from './children.ts'

const OFFERED = { tools: [{ name: 'echo' }], prompts: [{ name: 'greet' }] }

function call(of: Partial<CallEvent>): CallEvent {
  return {
    source: { tool: 'tool' },
    principal: 'anonymous',
    sessionId: '12345678',
    client: undefined,
    wire: 'streamable',
    revision: '2025-11-25',
    childRevision: '2025-11-25',
    requestId: '1',
    trace: undefined,
    method: 'tools/call',
    target: 'echo',
    outcome: 'ok',
    errorCode: undefined,
    isToolError: false,
    arguments: undefined,
    durationMs: 30,
    requestBytes: 100,
    responseBytes: 200,
    ...of,
  }
}

test('calls that are alike are one sum; what they are about, how they ended and their duration is told', () => {
  const sums = new CallSums('notes', () => OFFERED)
  sums.add(call({}))
  sums.add(call({ durationMs: 400_000 }))
  sums.add(call({ isToolError: true }))
  sums.add(call({ outcome: 'error', errorCode: -32602, target: 'no such tool' }))
  sums.add(call({ outcome: 'child_timeout', errorCode: -32603 }))
  sums.add(call({ outcome: 'dropped', responseBytes: 0 }))
  sums.add(call({ method: 'prompts/get', target: 'greet' }))
  sums.add(call({ method: 'resources/read', target: 'file:///a' }))
  const told = sums.all.map(({ method, tool, prompt, errorType, bridgeError, durations }) =>
    [method, tool || prompt, errorType, bridgeError, [...durations.counts].reduce((a, b) => a + b)].join(' '),
  )
  expect(told.toSorted()).toEqual([
    'prompts/get greet   1',
    'resources/read    1',
    'tools/call _OTHER -32602  1',
    'tools/call echo   2',
    'tools/call echo -32603 child_timeout 1',
    'tools/call echo dropped  1',
    'tools/call echo tool_error  1',
  ])
  const [both] = sums.all
  expect(both).toMatchObject({ server: 'notes', requestBytes: 200, responseBytes: 400 })
  expect([...(both?.durations.counts ?? [])]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
})

test('a name becomes known by a call that it answers, and by nothing that a client invents', () => {
  const sums = new CallSums('', () => undefined)
  sums.add(call({ target: 'late', isToolError: true }))
  sums.add(call({ target: 'late' }))
  sums.add(call({ target: 'late', isToolError: true }))
  expect(sums.all.map(({ tool, errorType }) => [tool, errorType])).toEqual([
    ['_OTHER', 'tool_error'],
    ['late', ''],
    ['late', 'tool_error'],
  ])
})

test('the second of its kind is told from what is alike in all but one thing', () => {
  const kinds: Partial<CallEvent>[] = [
    {},
    { wire: 'sse' },
    { revision: '2025-06-18' },
    { isToolError: true },
    { outcome: 'error', errorCode: -32602 },
    { outcome: 'error', errorCode: -32000 },
    { outcome: 'child_exited', errorCode: -32603 },
    { outcome: 'internal', errorCode: -32603 },
    { method: 'prompts/get' },
    { target: '_OTHER', outcome: 'error', errorCode: -32602 },
  ]
  const offered = { tools: [{ name: 'echo' }], prompts: [{ name: 'echo' }] }
  const sums = new CallSums('', () => offered)
  for (const kind of [...kinds, ...kinds]) sums.add(call(kind))
  expect(sums.all).toHaveLength(kinds.length)
  for (const { durations } of sums.all) expect(durations.counts.reduce((a, b) => a + b)).toBe(2)
})

test('ten thousand invented names, methods, revisions and codes are few sums, also where a tool takes every name', () => {
  const strict = new CallSums('', () => OFFERED)
  const lenient = new CallSums('', () => OFFERED)
  for (let i = 0; i < 10_000; i++) {
    const invented = { target: `tool-${i}`, revision: `20${i}-01-01` }
    strict.add(call({ ...invented, method: `method/${i}`, outcome: 'error', errorCode: -32601 }))
    strict.add(call({ ...invented, outcome: 'error', errorCode: i }))
    lenient.add(call(invented))
  }
  expect(strict.all.length).toBeLessThan(70)
  expect(lenient.all.length).toBeLessThanOrEqual(1001)
})

test('a process has the lowest number that is free, for as long as it lives', () => {
  const numbers = new ChildNumbers()
  expect([...numbers.of([70, 80, 90])]).toEqual([
    [70, 0],
    [80, 1],
    [90, 2],
  ])
  expect(numbers.of([70, 90, 100, 110]).get(100)).toBe(1)
  expect(numbers.of([110, 90]).get(110)).toBe(3)
})
