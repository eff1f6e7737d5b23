import { expect, test } from 'vitest'
import { Seal, type Hop } from './seal.ts'

const secret = 'x'.repeat(32)
const hop: Hop = { from: 'r1', to: 'r2', method: 'POST', url: '/mcp', address: '::1' }
const refused = (read: () => unknown): unknown => {
  try {
    return read()
  } catch (error) {
    return (error as { code: unknown }).code
  }
}

test('what one replica has sealed another reads', () => {
  expect(new Seal(secret).read(new Seal(secret).write(hop), 'POST', '/mcp')).toEqual(hop)
})

test('nothing of it can be changed, and it is good for a minute', () => {
  const sealed = new Seal(secret, () => 1000).write(hop)
  const at = (nowS: number) => new Seal(secret, () => nowS)
  expect(at(1060).read(sealed, 'POST', '/mcp')).toEqual(hop)
  expect(refused(() => at(1061).read(sealed, 'POST', '/mcp'))).toBe('hop_forbidden')
  expect(refused(() => at(939).read(sealed, 'POST', '/mcp'))).toBe('hop_forbidden')
  expect(refused(() => at(1000).read(sealed, 'DELETE', '/mcp'))).toBe('hop_forbidden')
  expect(refused(() => at(1000).read(sealed, 'POST', '/sse'))).toBe('hop_forbidden')
  expect(refused(() => new Seal('y'.repeat(32), () => 1000).read(sealed, 'POST', '/mcp'))).toBe(
    'hop_forbidden',
  )
  const parts = sealed.split(' ')
  for (const i of parts.keys())
    expect(
      refused(() => at(1000).read(parts.with(i, i === 2 ? '1001' : 'r3').join(' '), 'POST', '/mcp')),
    ).toBe('hop_forbidden')
})
