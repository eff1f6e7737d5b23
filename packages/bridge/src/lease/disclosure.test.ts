import { expect, test } from 'vitest'
import { masker } from './disclosure.ts'

test('what was given is masked in each form that a tool may print it in, the longest first', () => {
  const mask = masker(['s3cret', 's3cret-and-more', 'a b/c', 'say "hi"', '.*+?', 'first line\nsecond line'])
  expect(mask('key s3cret-and-more, s3cret;')).toBe('key ***, ***;')
  expect(mask('?q=a%20b%2Fc or a b/c')).toBe('?q=*** or ***')
  expect(mask('{"k":"say \\"hi\\""}')).toBe('{"k":"***"}')
  expect(mask('.*+? is literal, xxyz is not')).toBe('*** is literal, xxyz is not')
  expect(mask('second line')).toBe('***')
})

test('what is too short to be a secret stays, and half a surrogate pair is no failure', () => {
  expect(masker(['1', 'on', ''])('1 is on')).toBe('1 is on')
  expect(masker(['\ud800abc'])('x \ud800abc')).toBe('x ***')
})
