import { expect, test } from 'vitest'
import { ToolkitError } from '../errors.ts'
import { pickProgram } from './pick-program.ts'

const several = { 'x\u001b[2J': 'a.js', 'y\nz': 'b.js' }

const choose = (): string => pickProgram({ label: 'pkg', programs: several, preferred: 'pkg' })

test('names of a stranger are shown as text, in the sentence and in what to do', () => {
  expect(choose).toThrow('pkg has several programs: x\\u001b[2J, y\\u000az')
  try {
    choose()
  } catch (error) {
    expect((error as ToolkitError).hint).toBe('choose one with --entry x\\u001b[2J')
  }
})

test('only what the package declares is a program', () => {
  const programs = { one: 'a.js', two: 'b.js' }
  expect(pickProgram({ label: 'pkg', programs, preferred: 'two' })).toBe('b.js')
  expect(pickProgram({ label: 'pkg', programs, preferred: 'two', entry: 'a.js' })).toBe('a.js')
  for (const entry of ['constructor', '__proto__', 'toString'])
    expect(() => pickProgram({ label: 'pkg', programs, preferred: 'two', entry })).toThrow(
      `pkg has no program ${entry}`,
    )
})
