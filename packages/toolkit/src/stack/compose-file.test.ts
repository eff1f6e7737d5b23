import { expect, test } from 'vitest'
import { parseComposeFile, requiredVariables } from './compose-file.ts'

const FILE = `# by hand
services:
    egress: { profiles: !reset [] }
    "git":
        image: 'mcp-bridge/git:1' # quoted, and indented otherwise
        environment:
            "KEY": "\${MCP_GIT_KEY:?is missing}"
            PORT: 8000
            REGION: \${REGION:-eu}
    list: { environment: ['KEY=\${OTHER:?}'] }
`

test('a file that somebody has edited is read as Compose reads it', () => {
  const file = parseComposeFile(FILE)
  expect(file.services?.['git']?.image).toBe('mcp-bridge/git:1')
  expect([...requiredVariables(file, 'git')]).toEqual([['KEY', 'MCP_GIT_KEY']])
  expect([...requiredVariables(file, 'nothing')]).toEqual([])
})

test('what is no Compose file has no services', () => {
  for (const text of ['', 'error: no configuration file', 'services: [', '- a'])
    expect(parseComposeFile(text).services).toBeUndefined()
})
