import fc from 'fast-check'
import picomatch from 'picomatch'
import { describe, expect, test } from 'vitest'
import { idleGlobs, namesOf, splitGlobs } from './globs.ts'

const isMeant = (globs: readonly string[], name: string) => namesOf(globs)(name)

test.each<[glob: string, meant: string[], not: string[]]>([
  ['echo', ['echo'], ['Echo', 'echo2', 'ech', '']],
  ['*', ['', 'a', '.', '..', '.a', 'a/b', 'a.b', 'ä'], []],
  ['get_*', ['get_', 'get_a', 'get_a/b'], ['get', 'xget_a']],
  ['*_get_*', ['_get_', 'a_get_b', '_get_get_'], ['get_', '_get']],
  ['a*b*c', ['abc', 'aXbXc', 'abbcc', 'abcbc'], ['ab', 'acb', 'abcx']],
  ['?', ['a', '/', '.', 'ä', '😀'], ['', 'ab']],
  ['[abc]?', ['ax', 'c.'], ['dx', 'a']],
  ['[!a-c]', ['d', '-', '!', 'ä'], ['a', 'b', 'c', '']],
  ['[^a]', ['b', '^'], ['a']],
  ['[]-]', [']', '-'], ['[', 'a']],
  ['[a\\-c]', ['a', '-', 'c'], ['b']],
  ['[!]a]', ['b'], [']', 'a']],
  ['{echo,pid}', ['echo', 'pid'], ['echopid', '{echo,pid}x']],
  ['{a,b{c,}}*', ['a', 'bc', 'b', 'bcd'], ['c']],
  ['\\*\\{\\!', ['*{!'], ['a{!']],
  ['\\!a', ['!a'], ['a']],
  ['a\\,b', ['a,b'], ['a', 'b']],
])('%s', (glob, meant, not) => {
  for (const name of meant) expect([name, isMeant([glob], name)]).toEqual([name, true])
  for (const name of not) expect([name, isMeant([glob], name)]).toEqual([name, false])
})

describe('an exception', () => {
  test('wins over the others, wherever it stands', () => {
    for (const globs of [
      ['read*', '!read_secret'],
      ['!read_secret', 'read*', 'read_secret'],
    ]) {
      const names = ['read', 'read_secret', 'delete_all'].filter(namesOf(globs))
      expect(names).toEqual(['read'])
    }
  })

  test('alone means all others', () => {
    const names = ['read', 'read_secret', 'delete_all'].filter(namesOf(['!read_*', '!x']))
    expect(names).toEqual(['read', 'delete_all'])
  })

  test('an empty list means none', () => {
    expect(isMeant([], 'a')).toBe(false)
  })
})

test('a name that is too long, or that nobody can see, is never meant', () => {
  for (const name of [
    'a\nb',
    'a\u0000',
    '\u001b[2J',
    'a\u009b',
    'a\u202eb',
    '\u2028',
    'a\r',
    'x'.repeat(257),
    'ä'.repeat(129),
  ]) {
    for (const globs of [['*'], ['!b'], ['a*', 'x*', '?*']])
      expect([name, isMeant(globs, name)]).toEqual([name, false])
  }
  expect(isMeant(['x'.repeat(257)], 'x'.repeat(257))).toBe(false)
  for (const name of ['x'.repeat(256), 'ä'.repeat(128)]) expect(isMeant(['*'], name)).toBe(true)
})

test.each([
  ['!', 'is empty'],
  ['[a', 'has a [ without a ]'],
  ['[]', 'has a [ without a ]'],
  ['[a\\', 'ends in a backslash'],
  ['[z-a]', 'ends before it begins'],
  ['[[:alpha:]]', 'a class by name'],
  ['{a,b', 'has a { without a }'],
  ['{a}', 'without a comma'],
  ['{1..3}', 'without a comma'],
  ['a}', 'has a } without a {'],
  ['a\\', 'ends in a backslash'],
  ['@(a|b)', 'has a (, which means nothing here'],
  ['!(a)', 'has a (, which means nothing here'],
  ['"a"', 'has a "'],
  ['{a,b}'.repeat(7), 'more than 64 alternatives'],
])('%j is refused', (glob, problem) => {
  expect(() => splitGlobs(glob)).toThrow(problem)
  expect(() => namesOf([glob])).toThrow(SyntaxError)
})

test('a glob has its bounds, too', () => {
  expect(() => splitGlobs('a'.repeat(1025))).toThrow('more than 1024 characters')
  expect(() => splitGlobs('{'.repeat(5000))).toThrow('more than 8 braces')
})

test.each([
  ['', []],
  [' , \n', []],
  ['a, b\n!c,', ['a', 'b', '!c']],
  ['{a,b},[,],\\,', ['{a,b}', '[,]', '\\,']],
  ['[]},],{x,[}]}', ['[]},]', '{x,[}]}']],
  ['[{],b', ['[{]', 'b']],
  ['a],b', ['a]', 'b']],
])('the list %j', (text, globs) => {
  expect(splitGlobs(text)).toEqual(globs)
})

test('idle is a glob that means none of the names, and an exception that excepts none', () => {
  expect(idleGlobs(['get_*', 'lsit', '!get_b', '!x*'], ['get_a', 'get_b', 'list'])).toEqual(['lsit', '!x*'])
})

/** Few characters, so that globs and names meet. */
const letter = fc.constantFrom('a', 'b', '_')
const atom = fc.oneof(
  { weight: 4, arbitrary: letter },
  { weight: 3, arbitrary: fc.constant('*') },
  fc.constant('?'),
  fc.constantFrom('[ab]', '[!a]', '[^b_]', '[a-b]', '\\a', '{a,b}', '{a*,b_}'),
)
const name = fc.array(letter, { minLength: 1, maxLength: 10 }).map((all) => all.join(''))

test('as picomatch, on names and globs that it reads the same way', () => {
  fc.assert(
    fc.property(fc.array(atom, { minLength: 1, maxLength: 8 }), name, (atoms, text) => {
      const glob = atoms.join('')
      // It gives `**` a meaning of its own beside slashes and braces.
      fc.pre(!glob.includes('**'))
      expect(isMeant([glob], text)).toBe(picomatch([glob], { bash: true, dot: true, posix: true })(text))
    }),
    { numRuns: 5000 },
  )
})

test('no glob and no name takes long', () => {
  const star = fc.array(fc.constantFrom('*', 'a', 'ab', '?'), { maxLength: 300 }).map((all) => all.join(''))
  const from = performance.now()
  const long = ['a'.repeat(256), `${'a'.repeat(255)}b`, 'ab'.repeat(128)]
  for (const glob of fc.sample(star, 200).filter((each) => each !== ''))
    for (const each of long) isMeant([glob], each)
  for (const each of long) isMeant([`${'*a'.repeat(500)}*c`], each)
  isMeant(['*delete*_*all*'], 'delete_all'.repeat(1_000_000))
  // A backtracking matcher would take longer than the age of the universe.
  expect(performance.now() - from).toBeLessThan(20_000)
})
