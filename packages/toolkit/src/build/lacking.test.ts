import { expect, test } from 'vitest'
import { catalogue, catalogueTool } from '../recipe/catalogue.ts'
import { sampleTool } from '../recipe/sample.test-data.ts'
import { lacking } from './lacking.ts'

const BROWSER = [expect.stringContaining('--system-package chromium')]
const GIT = [expect.stringContaining('--system-package git')]

const named = (name: string): Record<string, unknown> => ({ package: name, systemPackages: [] })

function locked(name: string): Map<string, Buffer> {
  const packages = { 'node_modules/x': {}, [`node_modules/x/node_modules/${name}`]: {} }
  return new Map([['package-lock.json', Buffer.from(JSON.stringify({ packages }))]])
}

test('a tool that drives a browser, and an image without one', () => {
  const lock = locked('playwright-core')
  expect(lacking({ ...sampleTool(), lock })).toEqual(BROWSER)
  expect(lacking({ ...sampleTool({ systemPackages: ['chromium'] }), lock })).toEqual([])
  expect(lacking(sampleTool())).toEqual([])
  // What is bundled into the package is in no lock.
  expect(lacking(sampleTool({ package: 'chrome-devtools-mcp' }))).toEqual(BROWSER)
})

test('a tool that starts git, and an image without it', () => {
  const lock = locked('simple-git')
  expect(lacking({ ...sampleTool({ systemPackages: [] }), lock })).toEqual(GIT)
  expect(lacking({ ...sampleTool({ systemPackages: ['git'] }), lock })).toEqual([])
  expect(lacking(sampleTool(named('@cyanheads/git-mcp-server')))).toEqual(GIT)
  for (const name of ['mcp-github', '@zereight/mcp-gitlab', 'digit-mcp'])
    expect(lacking(sampleTool(named(name)))).toEqual([])
})

test('no tool of the catalogue lacks one', () => {
  const folder = new URL('../../catalogue', import.meta.url).pathname
  const told = catalogue(folder).flatMap((name) => lacking(catalogueTool(folder, name)))
  expect(told).toEqual([])
})
