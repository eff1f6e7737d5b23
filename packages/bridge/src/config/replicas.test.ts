import { expect, test } from 'vitest'
import type { BridgeError } from '../errors.ts'
import { parseConfig } from './load.ts'

const of = (replicas: any, rest: object = {}) =>
  parseConfig({ command: ['x'], replica: 'r1', replicaKeyFile: '/key', replicas, ...rest })

const problem = (read: () => unknown): string => {
  try {
    read()
    return ''
  } catch (error) {
    return (error as BridgeError).message
  }
}

test('where the replicas are, as text, list or map', () => {
  const known = { r1: 'http://10.0.0.1:8000', r2: 'http://b' }
  expect(of('r1=http://10.0.0.1:8000,r2=http://b/').replicas).toEqual(known)
  expect(of(['r1=http://10.0.0.1:8000', 'r2=http://b']).replicas).toEqual(known)
  expect(of(known).replicas).toEqual(known)
})

test('numbered ones are at one address with an asterisk', () => {
  const known = { '*': 'http://*.tools:8000' }
  expect(of('http://*.tools:8000', { replica: 'tools-0' }).replicas).toEqual(known)
  expect(of(known, { replica: 'tools-0' }).replicas).toEqual(known)
  expect(problem(() => of(known))).toContain('r1 has no number at its end')
})

test.each([
  ['r2=https://b', 'r2 is at no address'],
  ['r2=http://b/path', 'r2 is at no address'],
  ['r2=http://user@b', 'r2 is at no address'],
  ['r2=http://*.b', 'r2 is at no address'],
  ['http://b', 'write NAME=URL'],
  ['http://b/*', 'write NAME=URL'],
  ['r.2=http://b', 'write a name of letters'],
  ['r2=http://b,r2=http://c', 'r2 is there twice'],
])('%s: %s', (given, expected) => {
  expect(problem(() => of(given))).toContain(expected)
})

test('a name alone is enough for a load balancer; a hop needs name, addresses and key', () => {
  expect(parseConfig({ command: ['x'], replica: 'r1' }).replica).toBe('r1')
  expect(problem(() => of('r2=http://b', { replicaKeyFile: undefined }))).toContain('--replica-key-file')
  expect(problem(() => of('r2=http://b', { replica: undefined }))).toContain('--replica')
  expect(problem(() => of({}))).toContain('--replicas')
  expect(problem(() => parseConfig({ command: ['x'], replica: 'a.b' }))).toContain('write a name of letters')
})
