import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LinkedList, type ListNode } from './linked-list.ts'

test('a chain holds what was added and not taken out, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(30)), { maxLength: 60 }), (steps) => {
      const chain = new LinkedList<number>()
      const links: ListNode<number>[] = []
      const held = new Set<number>()
      for (const [adds, at] of steps) {
        if (adds) {
          held.add(links.length)
          links.push(chain.add(links.length))
        } else {
          const isIn = held.delete(at)
          expect(chain.has(links[at])).toBe(isIn)
          expect(chain.delete(links[at])).toBe(isIn)
        }
        expect(chain.values()).toEqual([...held])
        expect(chain.size).toBe(held.size)
        expect(chain.first?.value).toBe([...held][0])
      }
    }),
  )
})

test('a link of one chain is none of another', () => {
  const link = new LinkedList<number>().add(1)
  const other = new LinkedList<number>()
  other.add(1)
  expect(other.delete(link)).toBe(false)
  expect(other.size).toBe(1)
})
