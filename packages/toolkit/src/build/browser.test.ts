import { expect, test } from 'vitest'
import { catalogue, catalogueTool } from '../recipe/catalogue.ts'
import { sampleTool } from '../recipe/sample.test-data.ts'
import { lacksBrowser } from './browser.ts'

test('a tool that drives a browser, and an image without one', () => {
  const packages = { 'node_modules/x': {}, 'node_modules/x/node_modules/playwright-core': {} }
  const lock = new Map([['package-lock.json', Buffer.from(JSON.stringify({ packages }))]])
  expect(lacksBrowser({ ...sampleTool(), lock })).toBe(true)
  expect(lacksBrowser({ ...sampleTool({ systemPackages: ['chromium'] }), lock })).toBe(false)
  expect(lacksBrowser(sampleTool())).toBe(false)
  // What is bundled into the package is in no lock.
  expect(lacksBrowser(sampleTool({ package: 'chrome-devtools-mcp' }))).toBe(true)
})

test('no tool of the catalogue lacks one', () => {
  const folder = new URL('../../catalogue', import.meta.url).pathname
  const lacking = catalogue(folder).filter((name) => lacksBrowser(catalogueTool(folder, name)))
  expect(lacking).toEqual([])
})
