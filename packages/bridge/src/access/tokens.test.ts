import { describe, expect, test } from 'vitest'
import { BridgeError } from '../errors.ts'
import { parseTokenFile } from './token-file.ts'
import { Tokens } from './tokens.ts'

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

function refused(run: () => unknown): BridgeError {
  try {
    run()
  } catch (error) {
    if (error instanceof BridgeError) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('the token file', () => {
  test('names and tokens, among comments and blank lines', () => {
    const text = '\n# a comment\r\n  alice:of-alice  \r\nbob@b.example:with:colon\nalice:second\n   # another'
    expect([...parseTokenFile(text, 'f')]).toEqual([
      ['of-alice', 'alice'],
      ['with:colon', 'bob@b.example'],
      ['second', 'alice'],
    ])
  })

  test.each(['', '\n\n', '# nobody\n', '\r\n  \t\n#alice:of-alice'])('%j is empty', (text) => {
    expect(parseTokenFile(text, 'f').size).toBe(0)
  })

  test.each([
    ['alice', 'f:1 is not "name:token"'],
    ['a:b\nalice of-alice', 'f:2 is not "name:token"'],
    [':token', 'f:1 is not "name:token"'],
    ['alice:', 'f:1 is not "name:token"'],
    ['alice:two words', 'f:1 is not "name:token"'],
    ['alice:same\nbob:same', 'f:2 repeats a token'],
    ['default:top-secret', 'f:1: the name default is taken'],
    ['a:b\nanonymous:top-secret', 'f:2: the name anonymous is taken'],
  ])('%j is wrong', (text, problem) => {
    const error = refused(() => parseTokenFile(text, 'f'))
    expect([error.code, error.message]).toEqual(['config_invalid', problem])
  })
})

describe('who calls', () => {
  test('without tokens: nobody in particular, whatever comes along', () => {
    const tokens = new Tokens(new Map())
    expect(tokens.identify(bearer('x'))).toEqual({ principal: 'anonymous', tokenHash: undefined })
    expect(tokens.isInForce(tokens.identify({ headers: {} }))).toBe(true)
  })

  test('with tokens: whose it is; the bearer counts, then the key', () => {
    const tokens = new Tokens(
      new Map([
        ['a', 'alice'],
        ['b', 'bob'],
      ]),
    )
    expect(tokens.identify(bearer('a')).principal).toBe('alice')
    expect(tokens.identify({ headers: { 'x-api-key': 'b' } }).principal).toBe('bob')
    expect(tokens.identify({ headers: { ...bearer('a').headers, 'x-api-key': 'b' } }).principal).toBe('alice')
    // As gateways hand on what a person typed, with or without its scheme.
    for (const authorization of ['a', 'bearer  a ', 'Bearer Bearer a'])
      expect(tokens.identify({ headers: { authorization } }).principal).toBe('alice')
    expect(tokens.identify({ headers: { authorization: 'a', 'x-api-key': 'b' } }).principal).toBe('bob')
    // Of a setting that is left empty.
    expect(tokens.identify({ headers: { authorization: 'a', 'x-api-key': '' } }).principal).toBe('alice')
    for (const headers of [
      {},
      { authorization: 'Basic a' },
      { authorization: 'Bearer Basic a' },
      { authorization: 'A' },
      { 'x-api-key': 'A' },
      bearer('ab').headers,
      // A blank that is none in HTTP, as Node gives its bytes.
      bearer('a\u00c2\u00a0').headers,
      bearer('').headers,
    ])
      expect(refused(() => tokens.identify({ headers })).code).toBe('unauthorized')
  })

  test('the token itself is kept notFound', () => {
    const tokens = new Tokens(new Map([['top-secret', 'alice']]))
    expect(JSON.stringify([tokens, tokens.identify(bearer('top-secret'))])).not.toContain('top-secret')
  })
})

describe('once tokens are replaced', () => {
  const tokens = new Tokens(
    new Map([
      ['old', 'alice'],
      ['kept', 'alice'],
      ['b', 'bob'],
    ]),
  )
  const [old, kept, bob] = ['old', 'kept', 'b'].map((token) => tokens.identify(bearer(token)))

  test('a token is in force for its name, as long as it stands there', () => {
    tokens.replace(
      new Map([
        ['new', 'alice'],
        ['kept', 'alice'],
        ['b', 'carol'],
      ]),
    )
    expect([old, kept, bob].map((each) => tokens.isInForce(each!))).toEqual([false, true, false])
    expect(refused(() => tokens.identify(bearer('old'))).code).toBe('unauthorized')
    expect(tokens.identify(bearer('b')).principal).toBe('carol')
  })

  test('where none is left nobody is let in, also not without one', () => {
    tokens.replace(new Map())
    for (const headers of [{}, bearer('kept').headers])
      expect(refused(() => tokens.identify({ headers })).code).toBe('unauthorized')
    expect(tokens.isInForce(kept!)).toBe(false)
    expect(tokens.isInForce({ principal: 'anonymous', tokenHash: undefined })).toBe(false)
  })
})
