import { describe, expect, test } from 'vitest'
import { namesOf, tokenOf, withoutToken, withToken } from './token-file.ts'

const TOKENS = '# who may\ngateway:g\nalice:a\n'

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
