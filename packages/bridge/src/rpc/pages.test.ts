import { expect, test } from 'vitest'
import { readPages } from './pages.ts'

type Pages = (cursor: unknown, asked: number) => { tools?: unknown; nextCursor?: unknown }

/** The names that were read, and how often the server was asked. */
async function read(pages: Pages): Promise<{ items: unknown[]; asked: number }> {
  let asked = 0
  const items = await readPages('tools', async ({ cursor }) => pages(cursor, ++asked))
  return { items, asked }
}

test('all pages are read, in order', async () => {
  const { items } = await read((cursor) => {
    const page = Number(cursor ?? 0)
    return { tools: [`${page}a`, `${page}b`], ...(page < 3 && { nextCursor: String(page + 1) }) }
  })
  expect(items).toEqual(['0a', '0b', '1a', '1b', '2a', '2b', '3a', '3b'])
})

test.each([null, '', 0, false, {}, []])('a cursor that is %j ends the list', async (nextCursor) => {
  expect(await read(() => ({ tools: ['one'], nextCursor }))).toEqual({ items: ['one'], asked: 1 })
})

test('a cursor that stands still brings the same page again, and ends the list', async () => {
  expect(await read(() => ({ tools: ['one'], nextCursor: 'again' }))).toEqual({ items: ['one'], asked: 2 })
})

test('so do cursors that go round', async () => {
  const { items, asked } = await read((_cursor, n) => ({
    tools: [n],
    nextCursor: n % 2 === 0 ? 'even' : 'odd',
  }))
  expect({ items, asked }).toEqual({ items: [1, 2, 3], asked: 3 })
})

test('a list that never ends is given up', async () => {
  const { asked } = await read((_cursor, n) => ({ tools: [n], nextCursor: String(n) }))
  expect(asked).toBe(100)
})

test('the page that is there already is not asked for again', async () => {
  const first = { tools: ['one'], nextCursor: 'next' }
  const items = await readPages('tools', async ({ cursor }) => ({ tools: [cursor] }), first)
  expect(items).toEqual(['one', 'next'])
})

test('what is no list is an empty one', async () => {
  expect(await read(() => ({ tools: { toString: 1 } }))).toEqual({ items: [], asked: 1 })
})
