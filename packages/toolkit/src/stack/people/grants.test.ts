import { expect, test } from 'vitest'
import { parseGrants } from './grants.ts'

const TOOLS = [
  { service: 'postgres-mcp', alias: 'db' },
  { service: 'memory', alias: 'memory' },
]

test('nothing said: all of every tool', () => {
  expect(parseGrants([], TOOLS)).toEqual([
    { service: 'postgres-mcp', allow: [] },
    { service: 'memory', allow: [] },
  ])
})

test('by service or alias, whole or in part', () => {
  expect(parseGrants(['db:list_*,memory', 'postgres-mcp:execute_sql'], TOOLS)).toEqual([
    { service: 'postgres-mcp', allow: ['list_*', 'execute_sql'] },
    { service: 'memory', allow: [] },
  ])
})

test('the whole of a tool is more than a part of it', () => {
  expect(parseGrants(['db', 'db:list_*'], TOOLS)).toEqual([{ service: 'postgres-mcp', allow: [] }])
  expect(parseGrants(['db:list_*', 'db'], TOOLS)).toEqual([{ service: 'postgres-mcp', allow: [] }])
})

test('none: only a key of LiteLLM', () => {
  expect(parseGrants(['none'], TOOLS)).toEqual([])
})

test('what is not there, and what is no pattern', () => {
  expect(() => parseGrants(['dbb'], TOOLS)).toThrow('there is no tool "dbb"; there are postgres-mcp, memory')
  expect(() => parseGrants(['db:a b'], TOOLS)).toThrow('after the colon')
  expect(() => parseGrants(['db:'], TOOLS)).toThrow('after the colon')
  // Not all of them.
  expect(() => parseGrants([''], TOOLS)).toThrow('--tools names no tool')
})
