import { expect, test } from 'vitest'
import { ToolkitError } from '../errors.ts'
import { nameOf } from './scaffold.ts'
import { parseSource } from './source.ts'

test('every kind of source', () => {
  expect(parseSource('npx:@scope/pkg@1.2.3')).toEqual({
    runtime: 'node',
    package: '@scope/pkg',
    version: '1.2.3',
  })
  expect(parseSource('npx:pkg')).toEqual({ runtime: 'node', package: 'pkg', version: undefined })
  expect(parseSource('uvx:pkg==1.2.3')).toEqual({ runtime: 'python', package: 'pkg', version: '1.2.3' })
  expect(parseSource('uvx:pkg@1.2')).toEqual({ runtime: 'python', package: 'pkg', version: '1.2' })
  expect(parseSource('go:github.com/grafana/mcp-grafana/cmd/mcp-grafana@v1.6.3')).toEqual({
    runtime: 'go',
    package: 'github.com/grafana/mcp-grafana/cmd/mcp-grafana',
    version: 'v1.6.3',
  })
  expect(parseSource('binary:./tool')).toEqual({ runtime: 'binary', file: './tool' })
  expect(parseSource('image:ghcr.io/owner/tool:1.2.3')).toEqual({
    runtime: 'image',
    package: 'ghcr.io/owner/tool:1.2.3',
  })
})

test('a path or a name of the catalogue is no source', () => {
  for (const text of ['fetch', './recipe.yaml', '/tmp/tool']) expect(parseSource(text)).toBeUndefined()
})

test.for([
  ...[
    'npx:',
    'npx:pkg@',
    'npx:pkg@latest',
    'npx:pkg@^1',
    'npx:pkg@1.2.3 --registry=x',
    'npx:--registry',
    'npx:../pkg',
  ],
  ...[
    'npx:pkg@npm:other@1.2.3',
    'npx:pkg@https://example.com/x.tgz',
    'npx:git+ssh://x',
    'npx:pkg@1.2.3\nRUN id',
  ],
  ...['uvx:pkg==1.2.3;id', 'uvx:pkg @ https://example.com', 'uvx:-r', 'uvx:pkg[extra]==1.0', 'uvx:pkg>=1'],
  ...['go:mod@latest', 'go:-toolexec@v1.0.0', 'go:example.com/../x@v1.0.0', 'go:example.com/x@v1.0.0,v1.0.1'],
  ...['image:tool', 'image:tool:latest', 'image:-it', 'image:tool:1.0 AS x', 'binary:', 'ftp:x', 'docker:x'],
])('refused: %s', (text) => {
  expect(() => parseSource(text)).toThrow(ToolkitError)
})

test('a short name, without what only says that it is a server of MCP', () => {
  const names = {
    '@modelcontextprotocol/server-filesystem': 'filesystem',
    '@playwright/mcp': 'playwright',
    'mcp-server-fetch': 'fetch',
    'postgres-mcp': 'postgres',
    'github.com/grafana/mcp-grafana': 'grafana',
    'duckduckgo-mcp-server': 'duckduckgo',
    'ghcr.io/owner/Some_Tool:1.2': 'some-tool',
    'My Files!': 'my-files',
    '@scope/mcp': 'scope',
    mcp: 'tool',
    '123': 'tool',
  }
  expect(Object.fromEntries(Object.keys(names).map((label) => [label, nameOf(label)]))).toEqual(names)
})
