import { expect, test } from 'vitest'
import { Budget, UNCHARGED } from '../budget/budget.ts'
import { Message } from '../rpc/message.ts'
import { EventLog } from './event-log.ts'

const note = (n: number) => Message.from({ jsonrpc: '2.0', method: 'notifications/message', params: { n } })

test('what is replayed is what was said, rewritten ids included', () => {
  const log = new EventLog(10_000, 60_000, UNCHARGED.bytes)
  const answer = Message.from({ jsonrpc: '2.0', id: 7, result: { text: 'Grüße' } })
  log.add(1, 1, answer.rewrite([[answer.envelope.id, '"own"']]))
  log.add(1, 2, note(2))
  const [first, second] = log.after(1, 0).map(({ message }) => message.encode('<', '>'))
  expect(Buffer.from(first as string, 'latin1').toString()).toBe(
    '<{"jsonrpc":"2.0","id":"own","result":{"text":"Grüße"}}>',
  )
  expect(second).toBe(`<${note(2).encode('', '') as string}>`)
})

test('events of no length still cost something', () => {
  const log = new EventLog(64 * 1024, 60_000, UNCHARGED.bytes)
  for (let n = 1; n <= 10_000; n++) log.add(1, n, note(n))
  const kept = log.after(1, 0)
  // Their texts alone, of some 65 bytes, would be 1000.
  expect(kept.length).toBeGreaterThan(150)
  expect(kept.length).toBeLessThan(300)
  expect(kept.at(-1)?.counter).toBe(10_000)
})

test('the logs of all sessions have one limit together, and give everything back', () => {
  const budget = new Budget({ sessions: 1, children: 1, waiting: 1, bytes: 20_000 }, false)
  const { bytes } = budget.account('one')
  const logs = [1, 2, 3].map(() => new EventLog(1_000_000, 60_000, bytes))
  for (let n = 1; n <= 1000; n++) for (const log of logs) log.add(1, n, note(n))
  expect(bytes.used).toBe(logs.reduce((sum, log) => sum + log.bytes, 0))
  expect(bytes.used).toBeLessThanOrEqual(20_000)
  // Each keeps its newest, at the cost of its own.
  expect(logs[0]?.after(1, 0).at(-1)?.counter).toBe(1000)
  for (const log of logs) log.clear()
  expect(bytes.used).toBe(0)
  expect(logs[0]?.after(1, 0)).toEqual([])
})
