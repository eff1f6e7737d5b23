import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { aliasesOf, tokenVariableOf, withoutServer, withServer } from './litellm-config.ts'

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
        // Of newer versions: open to every key, as all are at 1.77.3, and calls as long as the bridge allows.
        allow_all_keys: true,
        timeout: 600,
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
