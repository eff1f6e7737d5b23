import { expect, test } from 'vitest'
import { Message } from '../message/message.ts'
import { EventLog } from './events.ts'

const note = (n: number) => Message.from({ jsonrpc: '2.0', method: 'notifications/message', params: { n } })

test('what is replayed is what was said, rewritten ids included', () => {
  const log = new EventLog(10_000, 60_000)
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
  const log = new EventLog(64 * 1024, 60_000)
  for (let n = 1; n <= 10_000; n++) log.add(1, n, note(n))
  const kept = log.after(1, 0)
  // Their texts alone, of some 65 bytes, would be 1000.
  expect(kept.length).toBeGreaterThan(150)
  expect(kept.length).toBeLessThan(300)
  expect(kept.at(-1)?.counter).toBe(10_000)
})
