import { describe, expect, test } from 'vitest'
import {
  composeFiles,
  valueOf,
  withComposeFile,
  withoutComposeFile,
  withoutValue,
  withValue,
} from './env-file.ts'

describe('.env', () => {
  const env = '# secrets\nA=1\nB=two=2\n'

  test('a value comes, changes, goes; the other lines stay', () => {
    expect(withValue(env, 'C', '3')).toBe(`${env}C=3\n`)
    expect(withValue(env, 'A', '9')).toBe('# secrets\nA=9\nB=two=2\n')
    expect(withoutValue(env, 'A')).toBe('# secrets\nB=two=2\n')
    expect(valueOf(env, 'B')).toBe('two=2')
    expect(valueOf(env, 'C')).toBeUndefined()
    expect(withValue('A=1', 'B', '2')).toBe('A=1\nB=2\n')
  })

  test('the files of compose', () => {
    const added = withComposeFile(env, 'added/git/compose.yaml')
    expect(composeFiles(added)).toEqual(['docker-compose.yml', 'added/git/compose.yaml'])
    expect(withComposeFile(added, 'added/git/compose.yaml')).toBe(added)
    expect(withoutComposeFile(added, 'added/git/compose.yaml')).toBe(env)
    const proxied = withValue(env, 'COMPOSE_FILE', 'docker-compose.yml:proxy/compose.yaml')
    const both = withComposeFile(proxied, 'added/git/compose.yaml')
    expect(withoutComposeFile(both, 'added/git/compose.yaml')).toBe(proxied)
  })
})
