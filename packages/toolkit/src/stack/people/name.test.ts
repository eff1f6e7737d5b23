import { expect, test } from 'vitest'
import { checkName } from './name.ts'

test.for(['', 'two words', 'a:b', 'a\nb', 'gateway', 'default', '../x', 'x'.repeat(65)])(
  'no person is called %j',
  (name) => {
    expect(() => checkName(name)).toThrow(/is no (name|person)/)
  },
)
