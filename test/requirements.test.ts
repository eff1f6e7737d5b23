// requirements: no row of the table is without a test.
import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { REQUIREMENTS } from './requirements.ts'

const here = import.meta.dirname
const sources = globSync('**/*.test.ts', { cwd: here, exclude: ['node_modules/**', 'dist/**'] })

/** What stands before the first colon of a title: `test('id: …'`, `test.each(…)('id: …'`, `describe('id: …'`; what is skipped does not count. */
const titled = new Set(
  sources.flatMap((path) =>
    [
      ...readFileSync(`${here}/${path}`, 'utf8').matchAll(/(?<!\.(?:skip|todo))\(\s*['`]([a-z][a-z.-]*): /g),
    ].map(([, id]) => id),
  ),
)

test.each(Object.keys(REQUIREMENTS))('%s is in the title of a test', (id) => {
  expect(titled).toContain(id)
})

test.each(Object.entries(REQUIREMENTS))('%s names a page and its revision', (_id, { spec, behaviour }) => {
  expect(spec).toMatch(/\/specification\/20\d\d-\d\d-\d\d\/basic([/#]|$)/)
  expect(behaviour).not.toBe('')
})
