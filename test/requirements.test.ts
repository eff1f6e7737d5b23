// requirements: no row of the table is without a test.
import { expect, test } from 'vitest'
import { REQUIREMENTS } from './requirements.ts'
import { titlesOfTests } from './titles.ts'

const titles = await titlesOfTests()

test.each(Object.keys(REQUIREMENTS))('%s is in the title of a test that is run', (id) => {
  expect(titles.some((title) => title.startsWith(`${id}: `))).toBe(true)
})

test.each(Object.entries(REQUIREMENTS))('%s names a page and its revision', (_id, { spec, behaviour }) => {
  expect(spec).toMatch(/\/specification\/20\d\d-\d\d-\d\d\/(basic|server)([/#]|$)/)
  expect(behaviour).not.toBe('')
})
