import { expect, test } from 'vitest'
import { BridgeError } from '../errors.ts'
import { ownerOf, TOOL } from './owner.ts'
import { Backoffs } from './backoff.ts'

const CRASH = new BridgeError('child_exited', 'the tool exited with code 1')
const ALICE = ownerOf('alice', { KEY: 'expired' })
const BOB = ownerOf('bob', { KEY: 'good' })
const ANYBODY = ownerOf('anonymous', {})

function crashed(owner: typeof TOOL, times: number): Backoffs {
  const backoffs = new Backoffs((_owner, error) => error)
  for (let n = 0; n < times; n++) backoffs.crashed(owner, CRASH)
  return backoffs
}

test('crashes of one owner hold back that one alone, further each time', async () => {
  for (const [times, delayMs] of [
    [1, 0],
    [2, 250],
    [3, 500],
    [9, 30_000],
    [99, 30_000],
  ] as const) {
    const backoffs = crashed(ALICE, times)
    expect(backoffs.delayMs(ALICE)).toBeLessThanOrEqual(delayMs)
    expect(backoffs.delayMs(ALICE)).toBeGreaterThanOrEqual(delayMs * 0.9)
    for (const other of [BOB, ANYBODY, TOOL, ownerOf('alice', {}), ownerOf('alice', { KEY: 'new' })])
      expect(backoffs.delayMs(other)).toBe(0)
  }
  await expect(crashed(ALICE, 9).turn(ALICE)).rejects.toMatchObject({ code: 'child_backing_off' })
  await crashed(ALICE, 9).turn(BOB)
})

test('a tool that fails holds back whoever uses the operator’s environment', async () => {
  const backoffs = crashed(TOOL, 9)
  await expect(backoffs.turn(ANYBODY)).rejects.toMatchObject({ code: 'child_backing_off' })
  await backoffs.turn(ALICE)
  backoffs.recovered()
  await backoffs.turn(ANYBODY)
})

test('a tool that works frees those who use its environment, not those who bring their own', () => {
  const backoffs = crashed(ALICE, 3)
  for (let n = 0; n < 3; n++) backoffs.crashed(ANYBODY, CRASH)
  backoffs.recovered()
  expect([backoffs.loopOf(ANYBODY), backoffs.loopOf(ALICE)]).toEqual([undefined, CRASH])
  backoffs.healthy(ALICE)
  expect(backoffs.loopOf(ALICE)).toBeUndefined()
})

test('owners without end are not kept without end: the longest quiet is forgotten', () => {
  const backoffs = crashed(ALICE, 3)
  for (let n = 0; n < 1023; n++) backoffs.crashed(ownerOf('', { KEY: `${n}` }), CRASH)
  expect(backoffs.loopOf(ALICE)).toBe(CRASH)
  backoffs.crashed(BOB, CRASH)
  expect(backoffs.loopOf(ALICE)).toBeUndefined()
})

test('who waits for its turn and leaves waits no longer', async () => {
  const leaving = new AbortController()
  const turn = crashed(ALICE, 5).turn(ALICE, leaving.signal)
  leaving.abort(new Error('gone'))
  await expect(turn).rejects.toThrow('gone')
})
