import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { composeFiles, valueOf, withComposeFile, withoutComposeFile, withoutValue, withValue } from './env.ts'
import { aliasesOf, tokenVariableOf, withoutServer, withServer } from './litellm.ts'

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

describe('litellm.yaml', () => {
  const config = `# LiteLLM's own settings
model_list: []
mcp_servers:
  db: # read-only
    alias: db
    url: http://postgres-mcp:8000/sse
`
  const git = { service: 'git-mcp', alias: 'git', token: 'MCP_GIT_TOKEN', description: 'A repository' }

  test('an entry comes and goes without a trace', () => {
    const added = withServer(config, git)
    expect((parse(added) as { mcp_servers: object }).mcp_servers).toEqual({
      db: { alias: 'db', url: 'http://postgres-mcp:8000/sse' },
      git: {
        alias: 'git',
        url: 'http://git-mcp:8000/sse',
        transport: 'sse',
        auth_type: 'bearer_token',
        auth_value: 'os.environ/MCP_GIT_TOKEN',
        description: 'A repository',
      },
    })
    expect(withoutServer(added, 'git')).toBe(
      withoutServer(withServer(withoutServer(added, 'git'), git), 'git'),
    )
    expect(withoutServer(added, 'git')).toContain('# read-only')
    expect(tokenVariableOf(added, 'git')).toBe('MCP_GIT_TOKEN')
    expect(tokenVariableOf(added, 'db')).toBeUndefined()
    expect(withoutServer(config, 'git')).toBe(config)
  })

  test('a configuration that has no tools yet', () => {
    expect(aliasesOf(withServer('model_list: []\nmcp_servers:\n', git))).toEqual(['git', 'git'])
    expect(aliasesOf('model_list: []\n')).toEqual([])
  })
})
