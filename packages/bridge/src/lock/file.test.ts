// lock/file: what was accepted comes back as it was, and what is equal is written equally.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parseExact } from '../rpc/exact.ts'
import { hidesSomething } from '../visible.ts'
import { hashOf, isTool, type Tool } from './definition.ts'
import { differences } from './difference.ts'
import { acceptedOf, lockText, readLock, readLockIfThere, writeLock } from './file.ts'

const folder = mkdtempSync(join(tmpdir(), 'lock-'))
afterAll(() => rmSync(folder, { recursive: true }))

const toolOf = (json: string): Tool => {
  const tool = parseExact(json)
  if (!isTool(tool)) throw new Error('no tool')
  return tool
}

test.each([
  '{"name":"plain"}',
  String.raw`{"name":"lines","description":"one\ntwo\n\nthree\n"}`,
  '{"name":"empty","description":""}',
  '{"name":"odd","description":["a","b"],"inputSchema":null}',
  '{"name":"digits","inputSchema":{"maximum":9007199254740993,"minimum":1e400,"multipleOf":1.0}}',
  String.raw`{"name":"half","description":"\ud800\u200b\u001b"}`,
  '{"name":"__proto__","description":"x","__proto__":{"name":"y"},"constructor":1}',
  '{"name":"hash","hash":"of its own","odd":["too"],"definition":{"name":"inner"}}',
])('round: %s', (json) => {
  const tool = toolOf(json)
  const path = join(folder, 'round.json')
  writeLock(path, new Map([['', acceptedOf([tool])]]))
  const accepted = readLock(path).get('')
  expect([...(accepted?.keys() ?? [])]).toEqual([tool.name])
  expect(accepted?.get(tool.name)?.hash).toBe(hashOf(tool))
  expect(differences(accepted ?? new Map(), [tool])).toEqual([])
  // Nothing in it could be meant for the terminal.
  expect(hidesSomething(readFileSync(path, 'utf8'))).toBe(false)
})

test.each([
  ['the order of members', '{"name":"a","x":{"p":1,"q":2}}', '{"x":{"q":2,"p":1},"name":"a"}'],
  ['the order in required', '{"name":"a","required":["p","q"]}', '{"name":"a","required":["q","p"]}'],
  ['how a number is spelled', '{"name":"a","x":1.0}', '{"name":"a","x":1}'],
])('equal: %s does not count', (_what, one, other) => {
  expect(hashOf(toolOf(one))).toBe(hashOf(toolOf(other)))
  const texts = [one, other].map((json) => lockText(new Map([['', acceptedOf([toolOf(json)])]])))
  expect(texts[0]).toBe(texts[1])
})

test.each([
  ['an order of values', '{"name":"a","enum":["p","q"]}', '{"name":"a","enum":["q","p"]}'],
  ['a digit beyond 2^53', '{"name":"a","x":9007199254740993}', '{"name":"a","x":9007199254740992}'],
  ['a letter that looks alike', '{"name":"a","description":"a"}', '{"name":"a","description":"\u0430"}'],
  ['any other member', '{"name":"a"}', '{"name":"a","_meta":{}}'],
])('different: %s counts, and is shown', (_what, one, other) => {
  const [change] = differences(acceptedOf([toolOf(one)]), [toolOf(other)])
  expect(change).toMatchObject({ kind: 'changed', tool: 'a' })
  expect(change?.lines.length).toBeGreaterThan(0)
})

const nested = (levels: number): string => `{"name":"a","x":${'['.repeat(levels)}${']'.repeat(levels)}}`

test('one whose schema has no bottom is no tool: whoever follows it runs out of stack', () => {
  expect([200, 300, 100_000].map((levels) => isTool(parseExact(nested(levels))))).toEqual([
    true,
    false,
    false,
  ])
})

test('a file that is not there is none, and one that is something else is refused', () => {
  expect(readLockIfThere(join(folder, 'none.json'))).toBeUndefined()
  expect(() => readLock(join(folder, 'none.json'))).toThrow('cannot be read: ENOENT')
  expect(() => readLock(new URL('../../package.json', import.meta.url).pathname)).toThrow(
    'is no lock of tools',
  )
})
