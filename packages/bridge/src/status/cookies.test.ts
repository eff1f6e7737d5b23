import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { UNCHARGED } from '../budget/budget.ts'
import type { Caller } from '../access/caller.ts'
import { StatusCookies } from './cookies.ts'

const caller = (principal: string): Caller => ({
  principal,
  tokenHash: principal,
  account: UNCHARGED,
  env: {},
  filters: [],
})
const asking = (header: string) =>
  ({ headers: { cookie: `other=1; ${header.split(';')[0]}` } }) as unknown as IncomingMessage

test('a cookie is good for as long as its token is in force', () => {
  const inForce = new Set(['alice', 'robert'])
  const cookies = new StatusCookies(({ principal }) => inForce.has(principal))
  const [alice, robert] = [cookies.give(caller('alice')), cookies.give(caller('robert'))]
  expect(cookies.callerOf(asking(alice))?.principal).toBe('alice')
  inForce.delete('alice')
  expect(cookies.callerOf(asking(alice))).toBeUndefined()
  expect(cookies.callerOf(asking(robert))?.principal).toBe('robert')
})

test('whoever takes many loses the oldest, and nobody else does', () => {
  const cookies = new StatusCookies(() => true)
  const robert = cookies.give(caller('robert'))
  const all = Array.from({ length: 20 }, () => cookies.give(caller('alice')))
  expect(all.filter((each) => cookies.callerOf(asking(each)) !== undefined)).toHaveLength(8)
  expect(cookies.callerOf(asking(all.at(-1) ?? ''))).toBeDefined()
  expect(cookies.callerOf(asking(robert))).toBeDefined()
})

test('a cookie that was never given, or of another bridge, is none', () => {
  const cookies = new StatusCookies(() => true)
  const header = new StatusCookies(() => true).give(caller('alice'))
  expect(cookies.callerOf(asking(header))).toBeUndefined()
  expect(cookies.callerOf(asking(`${cookies.name}=guess`))).toBeUndefined()
  expect(cookies.callerOf({ headers: {} } as IncomingMessage)).toBeUndefined()
})
