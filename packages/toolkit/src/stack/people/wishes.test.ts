import { expect, test } from 'vitest'
import { parseWishes } from './wishes.ts'

const TOOLS = [
  { service: 'postgres-mcp', alias: 'db' },
  { service: 'memory', alias: 'memory' },
]

test('nothing said: all of every tool', () => {
  expect(parseWishes([], TOOLS)).toEqual([
    { service: 'postgres-mcp', allow: [] },
    { service: 'memory', allow: [] },
  ])
})

test('by service or alias, whole or in part', () => {
  expect(parseWishes(['db:list_*,memory', 'postgres-mcp:execute_sql'], TOOLS)).toEqual([
    { service: 'postgres-mcp', allow: ['list_*', 'execute_sql'] },
    { service: 'memory', allow: [] },
  ])
})

test('the whole of a tool is more than a part of it', () => {
  expect(parseWishes(['db', 'db:list_*'], TOOLS)).toEqual([{ service: 'postgres-mcp', allow: [] }])
  expect(parseWishes(['db:list_*', 'db'], TOOLS)).toEqual([{ service: 'postgres-mcp', allow: [] }])
})

test('none: only a key of LiteLLM', () => {
  expect(parseWishes(['none'], TOOLS)).toEqual([])
})

test('what is not there, and what is no pattern', () => {
  expect(() => parseWishes(['dbb'], TOOLS)).toThrow('there is no tool "dbb"; there are postgres-mcp, memory')
  expect(() => parseWishes(['db:a b'], TOOLS)).toThrow('after the colon')
  expect(() => parseWishes(['db:'], TOOLS)).toThrow('after the colon')
})
