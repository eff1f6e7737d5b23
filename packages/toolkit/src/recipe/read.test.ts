import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { ToolkitError } from '../errors.ts'
import { catalogue, catalogueTool } from './catalogue.ts'
import { parseRecipe, readTool } from './read.ts'

const root = mkdtempSync(join(tmpdir(), 'mcp-bridge-recipe-'))
afterAll(() => rmSync(root, { recursive: true }))

const TEXT =
  'name: x\ntitle: X\ndescription: d\nruntime: binary\nversion: "1"\nentry: program\nnetwork: none\nchildren: session\n'

function program(lock: string): void {
  writeFileSync(join(lock, 'program'), '#!/bin/sh\n')
}

function folderWith(fill: (lock: string) => void): string {
  const folder = mkdtempSync(join(root, 'r-'))
  writeFileSync(join(folder, 'recipe.yaml'), TEXT)
  mkdirSync(join(folder, 'lock'))
  fill(join(folder, 'lock'))
  return folder
}

test('a lock is files, and nothing that leads elsewhere', () => {
  const elsewhere = join(root, 'id_ed25519')
  writeFileSync(elsewhere, 'a private key')
  expect([...readTool(folderWith(program)).lock.keys()]).toEqual(['program'])
  const refused: [(lock: string) => void, string][] = [
    [(lock) => symlinkSync(elsewhere, join(lock, 'program')), 'program is a link or a folder'],
    [(lock) => (program(lock), symlinkSync(elsewhere, join(lock, 'more'))), 'more is a link or a folder'],
    [(lock) => (program(lock), mkdirSync(join(lock, 'more'))), 'more is a link or a folder'],
    [(lock) => (rmSync(lock, { recursive: true }), symlinkSync(root, lock)), 'lock is no folder'],
    [(lock) => (program(lock), mkdirSync(join(lock, '\u001b[2J'))), '\\u001b[2J is a link or a folder'],
  ]
  for (const [fill, reason] of refused) {
    const read = () => readTool(folderWith(fill))
    expect(read).toThrow(ToolkitError)
    expect(read).toThrow(reason)
  }
})

test('a lock of its tools is a file of one server', () => {
  const withTools = (text: string): string => {
    const folder = folderWith(program)
    writeFileSync(join(folder, 'tools.lock.json'), text)
    return folder
  }
  expect(readTool(folderWith(program)).toolsLock).toBeUndefined()
  expect(readTool(withTools('{"version":1,"tools":{}}')).toolsLock?.toString()).toBe(
    '{"version":1,"tools":{}}',
  )
  for (const text of ['', '{}', '{"version":1,"servers":{"x":{"tools":{}}}}', '[]', 'null'])
    expect(() => readTool(withTools(text))).toThrow('is no lock of the tools of one server')
  const linked = folderWith(program)
  symlinkSync(join(root, 'id_ed25519'), join(linked, 'tools.lock.json'))
  expect(() => readTool(linked)).toThrow('is a link or a folder')
})

describe('what a tool of the catalogue says of itself without a secret is accepted', () => {
  const folder = fileURLToPath(new URL('../../catalogue', import.meta.url))
  test.for(catalogue(folder))('%s', (name) => {
    const { recipe, toolsLock } = catalogueTool(folder, name)
    const needs = [...recipe.environment.filter((each) => each.default === undefined), ...recipe.secrets]
    const isAsked = !needs.some(({ required }) => required)
    expect(toolsLock !== undefined).toBe(isAsked)
    if (toolsLock === undefined) return
    const { tools } = JSON.parse(toolsLock.toString()) as { tools: object }
    expect(Object.keys(tools)).toEqual(expect.arrayContaining(recipe.tools))
  })
})

test.for([
  ['aliases', `a: &a [x, x]\nb: [*a, *a]\n${TEXT}`, 'write out what is meant'],
  ['nesting', `${TEXT}args: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`, ''],
  ['no YAML', 'name: "x', 'cannot be read as YAML'],
  ['another tag', `${TEXT}args: [!!js/function "x"]\n`, ''],
  [
    'two volumes of one name',
    `${TEXT}volumes: [{path: /a/b-c, description: d}, {path: /a-b/c, description: d}, {path: /x/c, description: d}, {path: /y/b-c, description: d}]\n`,
    'share',
  ],
] as const)('%s in a recipe is a problem with a sentence', ([, text, reason]) => {
  let read: unknown
  try {
    read = parseRecipe(text)
  } catch (error) {
    expect(error).toBeInstanceOf(ToolkitError)
    expect(String(error)).toContain(reason)
    return
  }
  expect([reason, read]).toEqual(['', expect.objectContaining({ name: 'x' })])
})
