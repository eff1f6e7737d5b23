import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Budget, InnerBudget } from './budget.ts'

const of = (max: number, isShared: boolean) =>
  new Budget({ sessions: max, children: max, waiting: max, bytes: max }, isShared)

/** How many one after another gets of what is left, each as much as it can. */
function shares(max: number, names: readonly string[], isShared = true): number[] {
  const budget = of(max, isShared)
  return names.map((name) => {
    const { sessions } = budget.account(name)
    while (sessions.take(1));
    return sessions.used
  })
}

test('who is alone gets all', () => {
  expect(shares(50, ['a', 'b'], false)).toEqual([50, 0])
})

test('of several the first gets three quarters, the next three quarters of the rest', () => {
  expect(shares(64, ['a', 'b', 'c', 'd', 'e'])).toEqual([48, 12, 3, 1, 0])
  expect(shares(6, ['a', 'b'])).toEqual([4, 1])
})

test('small limits serve somebody', () => {
  expect(shares(1, ['a'])).toEqual([1])
  expect(shares(2, ['a', 'b'])).toEqual([1, 1])
  expect(shares(3, ['a', 'b'])).toEqual([2, 1])
})

test('the refusal says whose limit it is', () => {
  const budget = of(4, true)
  const { sessions } = budget.account('a')
  while (sessions.take(1));
  expect(sessions.refusal(1, 'sessions', '--max-sessions')).toBe(
    '3 of 4 sessions (--max-sessions) are yours; the rest is kept for others',
  )
  budget.account('b').sessions.take(1)
  expect(sessions.refusal(1, 'sessions', '--max-sessions')).toBe('4 sessions (--max-sessions) are taken')
})

test('whatever is charged and given back: the sum is that of all, none is over the limit, and nothing is left', () => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    amount: fc.integer({ min: 1, max: 40 }),
    isBack: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 100 }),
      (steps, isShared, max) => {
        const budget = of(max, isShared)
        const held: { name: string; amount: number }[] = []
        for (const { name, amount, isBack } of steps) {
          const last = isBack ? held.pop() : undefined
          if (last !== undefined) budget.account(last.name).bytes.give(last.amount)
          else if (budget.account(name).bytes.take(amount)) held.push({ name, amount })
          const sum = held.reduce((all, each) => all + each.amount, 0)
          expect(budget.bytes.used).toBe(sum)
          expect(sum).toBeLessThanOrEqual(max)
          budget.sweep()
        }
        for (const { name, amount } of held) budget.account(name).bytes.give(amount)
        for (const name of ['a', 'b', 'c']) expect(budget.account(name).bytes.used).toBe(0)
      },
    ),
  )
})

test('while several may come somebody who has nothing yet finds a place after any single one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5000 }), (max) => {
      const [first = 0, second = 0] = shares(max, ['a', 'b'])
      expect(first).toBeLessThan(max)
      expect(second).toBeGreaterThan(0)
    }),
  )
})

test('what one tool may have is within what the whole may have, and each keeps a place for others', () => {
  const whole = of(10, true)
  const tool = new InnerBudget({ sessions: 4, children: 4 }, true)
  const [a, b] = ['a', 'b'].map((name) => tool.account(whole.account(name)))
  while (a?.sessions.take(1) === true);
  expect([a?.sessions.used, whole.sessions.used]).toEqual([3, 3])
  expect(a?.sessions.refusal(1, 'sessions', '--max-sessions')).toContain('3 of 4 sessions')
  // The places of another tool are the rest of those of the whole.
  const { sessions } = whole.account('a')
  while (sessions.take(1));
  expect(whole.sessions.used).toBe(7)
  a?.sessions.give(3)
  while (b?.sessions.take(1) === true);
  expect([b?.sessions.used, whole.sessions.used]).toEqual([3, 7])
  expect(tool.account(whole.account('a'))).toBe(a)
})
