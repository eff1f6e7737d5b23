import { expect, test } from 'vitest'
import { parseExact } from '../rpc/exact.ts'
import { AuditedArguments } from './arguments.ts'

const given = (text: string) => text.replaceAll('given to the process', '***')
const audited = new AuditedArguments(['read_*', '!read_mail'], () => ['token-of-ann'], given)
const masked = (args: unknown) => JSON.parse(audited.masked(args, ['brought by ann'])) as unknown

test('those of the tools that the globs mean', () => {
  expect(['read_file', 'read_mail', 'write'].map(audited.means)).toEqual([true, false, false])
})

test('what is harmless stands as it came', () => {
  const args = { path: '/tmp/a.txt', lines: [1, 2.5, true, null], deep: { query: 'how are you?' } }
  expect(masked(args)).toEqual(args)
  expect(audited.masked(parseExact('{"id":12345678901234567890}'), [])).toBe('{"id":12345678901234567890}')
})

test.each([
  [{ password: 'short' }, { password: '***' }],
  [{ apiKey: 12345678 }, { apiKey: '***' }],
  [{ 'X-Api-Key': 'abcd' }, { 'X-Api-Key': '***' }],
  [{ credentials: { user: 'ann', what: 'x' } }, { credentials: '***' }],
  [{ tokens: ['a', 'b'] }, { tokens: '***' }],
  [{ text: 'see token-of-ann' }, { text: 'see ***' }],
  [{ text: ['given to the process, brought by ann'] }, { text: ['***, ***'] }],
  [{ command: ['curl', '--password', 'hunter2', 'x'] }, { command: ['curl', '--password', '***', 'x'] }],
  [{ url: 'https://ann:hunter2@example.com/' }, { url: '***' }],
  [{ text: 'Authorization: Bearer abcdefgh1234' }, { text: '***' }],
  [{ text: 'ghp_abcdefghijklmnopqrstuvwxyz0123456789' }, { text: '***' }],
  [{ json: '{"password":"hunter2"}' }, { json: '***' }],
  [
    { password: '$ECRET', pwd: '/etc/x', passwd: 'on', token: 123 },
    { password: '***', pwd: '***', passwd: '***', token: '***' },
  ],
  [{ headers: [{ name: 'X-Api-Key', value: 'abcd' }] }, { headers: [{ name: 'X-Api-Key', value: '***' }] }],
  [
    { key: 'password', value: 'x' },
    { key: '***', value: '***' },
  ],
  [{ 'token-of-ann': 1 }, { '***': 1 }],
])('a secret is masked: %j', (args, expected) => {
  expect(masked(args)).toEqual(expected)
})

test('what is long is cut, what is too long is not there', () => {
  const cut = masked({ words: Array.from({ length: 3000 }, () => 'word') }) as string
  expect([cut.length, cut.at(-1)]).toEqual([4001, '…'])
  expect(masked(undefined)).toBe('…')
})
