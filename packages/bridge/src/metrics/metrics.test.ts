import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { ERRORS, type ErrorCode } from '../errors.ts'
import { Events, type CallEvent } from '../telemetry/events.ts'
import { Metrics } from './metrics.ts'
import { prometheusText, type Moment } from './prometheus.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const CALL = {
  childRevision: '2025-11-25',
  requestId: '1',
  trace: undefined,
  isToolError: false,
  arguments: undefined,
  durationMs: 30,
  requestBytes: 100,
  responseBytes: 200,
} as const
const WIRES = ['streamable', 'sse', 'stateless'] as const
const CODES = Object.keys(ERRORS) as ErrorCode[]

/** Whatever a client may write is another in each event: its own name, that of a tool, method and revision. */
function invent(events: Events, from: number, count: number): void {
  for (let i = from; i < from + count; i++) {
    const client = { name: `client-${i}`, version: `${i}` }
    const invented = { principal: `client-${i}`, sessionId: `session-${i}`, client, revision: `${i}-01-01` }
    const wire = WIRES[i % WIRES.length] ?? 'sse'
    const outcome = i % 2 === 0 ? 'error' : (CODES[i % CODES.length] ?? 'internal')
    const failed = { outcome, errorCode: -i, isToolError: false }
    const call = (of: Partial<CallEvent>) =>
      events.call({
        ...{ source: events.source, ...CALL, ...invented, wire, outcome: 'ok', errorCode: undefined },
        ...{ method: 'tools/call', target: `tool-${i}` },
        ...of,
      })
    call(failed)
    call({ isToolError: true })
    // There are tools that take every name.
    call({})
    call({ method: `method/${i}`, target: undefined, ...failed })
    call({ method: 'prompts/get', target: `prompt-${i}` })
    const session = { ...invented, wire, childPid: undefined, durationMs: 5, wasOpen: true }
    events.session({ type: 'opened', ...session })
    events.session({ type: 'closed', ...session })
    events.child({ type: 'started', pid: i })
    events.child({ type: 'stopped', pid: i, step: 'eof' })
    const code = CODES[i % CODES.length] ?? 'internal'
    events.refused({
      method: 'POST',
      path: `/path-${i}`,
      address: `192.0.2.${i}`,
      code,
      reason: `reason ${i}`,
    })
  }
}

const NOTHING: Moment = {
  servers: [{ name: '', isReady: true, changes: undefined, processes: [] }],
  waiting: { used: 0, max: 1 },
  bytes: { used: 0, max: 1 },
  audit: undefined,
}

test('whatever ten thousand clients invent, there are as many series after a thousand of them, and no more memory', async () => {
  const events = new Events('tool')
  const metrics = new Metrics(events.source)
  const stop = metrics.follow('', events.source, () => undefined)
  const seen = async () => {
    const text = await prometheusText(metrics, NOTHING)
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
    collectGarbage()
    return { series, text, heap: process.memoryUsage().heapUsed }
  }
  invent(events, 0, 1000)
  const before = await seen()
  invent(events, 1000, 9000)
  const after = await seen()
  expect(after.series).toBe(before.series)
  expect(after.series).toBeLessThan(20_000)
  // What nine thousand names alone would take.
  expect(after.heap - before.heap - after.text.length).toBeLessThan(9000 * 100)
  expect(after.text).not.toMatch(/client-|session-|path-|reason|method\/|\d-01-01/)
  expect(after.text).not.toContain('tool-1000')
  stop()
  metrics.close()
})
