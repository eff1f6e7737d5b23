import { expect, test } from 'vitest'
import { withoutUnavailable } from './make.ts'

const lock = (optionalDependencies: object, more: object = {}) =>
  `${JSON.stringify({ packages: { 'node_modules/tool': { version: '1.0.0', optionalDependencies }, ...more } }, undefined, 2)}\n`

test('what is optional and not to be had is no part of the lock: npm would refuse it', () => {
  const here = { 'node_modules/tool/node_modules/tool-linux': { version: '1.0.0' } }
  const whole = lock({ 'tool-linux': '1.0.0' }, here)
  expect(withoutUnavailable(lock({ 'tool-linux': '1.0.0', 'tool-mars': '1.0.0' }, here))).toBe(whole)
  expect(withoutUnavailable(whole)).toBe(whole)
})
