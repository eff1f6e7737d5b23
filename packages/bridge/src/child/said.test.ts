import { expect, test } from 'vitest'
import { Said } from './said.ts'

function said(lines: readonly string[]): Said {
  const all = new Said()
  for (const line of lines) all.add(line)
  return all
}

const numbered = (count: number, word = 'line') => Array.from({ length: count }, (_, n) => `${word} ${n}`)

test('few lines are all shown, in their order', () => {
  expect(said(['one', 'Error: two', 'three']).excerpt('and')).toEqual(['one', 'Error: two', 'three', 'and'])
})

test('what complains is shown, however much comes after it', () => {
  const reason =
    'Error: No access token was provided. Pass one with `--access-token` or `SENTRY_ACCESS_TOKEN`.'
  const shown = said([reason, '', ...numbered(60, '  @sentry/mcp-server --access-token=TOKEN')]).excerpt()
  expect(shown).toHaveLength(10)
  expect(shown[0]).toBe(reason)
  expect(shown.at(-1)).toBe('  @sentry/mcp-server --access-token=TOKEN 59')
})

test('what complains late is shown too, with how it began', () => {
  const shown = said([
    ...numbered(500),
    'psycopg.OperationalError: refused',
    ...numbered(300, 'after'),
  ]).excerpt()
  expect(shown.slice(0, 3)).toEqual(['line 0', 'line 1', 'psycopg.OperationalError: refused'])
  expect(shown.at(-1)).toBe('after 299')
})

test('of many complaints the last ones, and how it ended', () => {
  const shown = said([...numbered(1000, 'error'), 'gone']).excerpt()
  expect(shown).toHaveLength(10)
  expect(shown).toContain('error 999')
  expect(shown.at(-1)).toBe('gone')
})

test('the places of a stack trace do not push out what it is about', () => {
  const stack = Array.from({ length: 40 }, (_, n) => `    at failing (file:///app/error-${n}.js:1:1)`)
  expect(said(['TypeError: x is not a function', ...stack, 'Node.js v24']).excerpt()[0]).toBe(
    'TypeError: x is not a function',
  )
})

test('what is kept is bounded', () => {
  expect(said(numbered(10_000, 'error')).lines().length).toBeLessThanOrEqual(25)
})
