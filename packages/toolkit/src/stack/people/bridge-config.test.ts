import { describe, expect, test } from 'vitest'
import { filterOf, withFilter, withoutFilter } from './bridge-config.ts'

const CONFIG = `# the least
clients:
  # LiteLLM itself
  gateway:
    tools-allow: [list_*, get_*]
`

describe('filters', () => {
  test('what others have stays as it is written', () => {
    const added = withFilter(CONFIG, 'bob', ['execute_*'])
    expect(added).toContain('# LiteLLM itself')
    expect(filterOf(added, 'bob')).toEqual(['execute_*'])
    expect(filterOf(added, 'gateway')).toEqual(['list_*', 'get_*'])
    expect(filterOf(withoutFilter(added, 'bob'), 'bob')).toEqual([])
    expect(withoutFilter(CONFIG, 'bob')).toBe(CONFIG)
  })

  test('a file that is not there yet', () => {
    expect(filterOf(withFilter('', 'bob', ['x']), 'bob')).toEqual(['x'])
    expect(filterOf('', 'bob')).toEqual([])
  })
})
