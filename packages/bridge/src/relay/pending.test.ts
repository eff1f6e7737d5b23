import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PendingRequests, type Pending } from './pending.ts'

const newCall = () => ({ call: { number: 0 } }) as Pending

test('each call is found by its number until it is taken out, and no number comes twice', () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 2, arbitrary: fc.nat(200) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const calls = new PendingRequests()
      const held: Pending[] = []
      let highest = 0
      for (const at of steps) {
        if (at < 0) {
          const call = newCall()
          calls.add(call)
          expect(call.call.number).toBeGreaterThan(highest)
          highest = call.call.number
          held.push(call)
        } else if (held.length > 0) {
          const [call] = held.splice(at % held.length, 1)
          expect(calls.delete(call!.call.number)).toBe(true)
          expect(calls.delete(call!.call.number)).toBe(false)
          expect(calls.get(call!.call.number)).toBeUndefined()
        }
        expect(calls.size).toBe(held.length)
        expect(calls.values()).toEqual(held)
        for (const call of held) expect(calls.get(call.call.number)).toBe(call)
      }
    }),
  )
})

test('one that takes long is passed by, however many come after it', () => {
  const calls = new PendingRequests()
  const long = newCall()
  calls.add(long)
  for (let i = 0; i < 1000; i++) {
    const call = newCall()
    calls.add(call)
    expect(calls.get(call.call.number)).toBe(call)
    calls.delete(call.call.number)
  }
  expect(calls.values()).toEqual([long])
})

test('what is no number of a call finds none', () => {
  const calls = new PendingRequests()
  calls.add(newCall())
  for (const other of [0, 2, 17, -1, 1.5, Number.NaN, Infinity, 2 ** 32 + 1]) {
    expect(calls.get(other)).toBeUndefined()
    expect(calls.delete(other)).toBe(false)
  }
})
