// security: every test that docs/SECURITY.md names is there.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/SECURITY.md'), 'utf8')
const tests = globSync(['test/**/*.test.ts', 'packages/*/src/**/*.test.ts'], {
  cwd: root,
  exclude: ['**/node_modules/**', '**/dist/**'],
}).map((path) => readFileSync(join(root, path), 'utf8'))

const shown = [...page.matchAll(/Shown\s+by:\s+(`[^`]+`(?:,\s+`[^`]+`)*)/g)].flatMap(([, list = '']) =>
  [...list.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
)

test('the page names tests', () => {
  expect(shown.length).toBeGreaterThan(40)
})

test.each([...new Set(shown)])('%s is a test', (name) => {
  if (name.includes('/')) return expect(existsSync(join(root, name))).toBe(true)
  // `test('id: …'`, `describe('id.part: …'`, `test.each(…)('id: …'`
  const title = new RegExp(`(?<!\\.(?:skip|todo))\\(\\s*['\`]${name}[.:]`)
  expect(tests.some((text) => title.test(text))).toBe(true)
})
