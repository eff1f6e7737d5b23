import { expect, test } from 'vitest'
import { Peers } from './peers.ts'

test('by name: those that are named, and not this one itself', () => {
  const peers = new Peers('r1', { r1: 'http://10.0.0.1:8000', r2: 'http://[::1]:8000', r3: 'http://r3' })
  expect(peers.named).toEqual([
    { name: 'r2', host: '::1', port: '8000' },
    { name: 'r3', host: 'r3', port: '80' },
  ])
  expect(peers.find('r2')?.host).toBe('::1')
  for (const name of ['r1', 'r4', '', 'constructor']) expect(peers.find(name)).toBeUndefined()
})

test('by number: only those that are called as this one is', () => {
  const peers = new Peers('tools-0', { '*': 'http://*.tools.default.svc:8000' })
  expect(peers.find('tools-12')).toEqual({
    name: 'tools-12',
    host: 'tools-12.tools.default.svc',
    port: '8000',
  })
  for (const name of ['tools-0', 'tools-01', 'tools-99999', 'tools', 'other-1', 'xtools-1', 'tools-1.evil'])
    expect(peers.find(name)).toBeUndefined()
  expect(peers.named).toEqual([])
})
