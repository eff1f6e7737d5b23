// security: every test that docs/SECURITY.md names is there, and is run.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { titlesOfTests } from './titles.ts'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/SECURITY.md'), 'utf8')
const titles = await titlesOfTests()

const shown = [...page.matchAll(/Shown\s+by:\s+(`[^`]+`(?:,\s+`[^`]+`)*)/g)].flatMap(([, list = '']) =>
  [...list.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
)

test('the page names tests', () => {
  expect(shown.length).toBeGreaterThan(40)
})

test.each([...new Set(shown)])('%s is a test', (name) => {
  if (name.includes('/')) return expect(existsSync(join(root, name))).toBe(true)
  // `id: …` or `id.part: …`
  expect(titles.some((title) => title.startsWith(`${name}:`) || title.startsWith(`${name}.`))).toBe(true)
})
