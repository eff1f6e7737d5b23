import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatSize, parseSize } from './size.ts'

test.each([
  ['16MiB', 16 * 1024 * 1024],
  ['16 mib', 16 * 1024 * 1024],
  ['1MB', 1_000_000],
  ['2GiB', 2 * 1024 ** 3],
  ['2gb', 2e9],
  ['64k', 65_536],
  ['64Ki', 65_536],
  ['64KB', 64_000],
  ['1024', 1024],
  ['1024b', 1024],
  ['0.5k', 512],
  [7, 7],
])('the size %j is %i bytes', (raw, bytes) => {
  expect(parseSize(raw)).toBe(bytes)
})

test.each(['', '1TiB', '1ib', '-1', '1.5', '1e3', 'k', 1.5, -1, '9007199254740993'])(
  '%j is no size',
  (raw) => {
    expect(() => parseSize(raw)).toThrow('is not a size: write 1024, 64KiB or 16MiB')
  },
)

test('what is printed is read back as the same number', () => {
  const sizes = fc.property(fc.maxSafeNat(), (bytes) => {
    expect(parseSize(formatSize(bytes))).toBe(bytes)
  })
  fc.assert(sizes)
})

test('the largest unit that fits is printed', () => {
  const sizes = [0, 1023, 65_536, 16 * 1024 ** 2, 1_000_000]
  expect(sizes.map(formatSize)).toEqual(['0', '1023', '64KiB', '16MiB', '1MB'])
})
