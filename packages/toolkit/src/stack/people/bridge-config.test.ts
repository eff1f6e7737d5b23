import { describe, expect, test } from 'vitest'
import {
  checkName,
  filterOf,
  namesOf,
  tokenOf,
  withFilter,
  withoutFilter,
  withoutToken,
  withToken,
} from './files.ts'

const TOKENS = '# who may\ngateway:g\nalice:a\n'
const CONFIG = `# the least
clients:
  # LiteLLM itself
  gateway:
    tools-allow: [list_*, get_*]
`

describe('tokens', () => {
  test('a person comes, gets another token, goes', () => {
    const added = withToken(TOKENS, 'bob', 'b')
    expect(added).toBe(`${TOKENS}bob:b\n`)
    expect(withToken(added, 'bob', 'c')).toBe(`${TOKENS}bob:c\n`)
    expect(withoutToken(added, 'bob')).toBe(TOKENS)
  })

  test('a file without a last newline, and an empty one', () => {
    expect(withToken('gateway:g', 'bob', 'b')).toBe('gateway:g\nbob:b\n')
    expect(withToken('', 'bob', 'b')).toBe('bob:b\n')
  })

  test('a name that begins like another', () => {
    expect(withoutToken('ali:1\nalice:2\n', 'ali')).toBe('alice:2\n')
    expect(tokenOf('ali:1\nalice:2\n', 'alice')).toBe('2')
    expect(namesOf(TOKENS)).toEqual(['gateway', 'alice'])
  })
})

describe('filters', () => {
  test('what others have stays as it is written', () => {
    const added = withFilter(CONFIG, 'bob', ['execute_*'])
    expect(added).toContain('# LiteLLM itself')
    expect(filterOf(added, 'bob')).toEqual(['execute_*'])
    expect(filterOf(added, 'gateway')).toEqual(['list_*', 'get_*'])
    expect(filterOf(withoutFilter(added, 'bob'), 'bob')).toEqual([])
    expect(withoutFilter(CONFIG, 'bob')).toBe(CONFIG)
  })

  test('a file that is not there yet', () => {
    expect(filterOf(withFilter('', 'bob', ['x']), 'bob')).toEqual(['x'])
    expect(filterOf('', 'bob')).toEqual([])
  })
})

test.for(['', 'two words', 'a:b', 'a\nb', 'gateway', 'default', '../x', 'x'.repeat(65)])(
  'no person is called %j',
  (name) => {
    expect(() => checkName(name)).toThrow(/is no (name|person)/)
  },
)
