import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { settings } from './settings.ts'

const person = {
  name: 'alice',
  url: 'http://box.lan:4000/mcp/',
  key: 'sk-alice',
  tokens: new Map([['db', 'token-of-alice']]),
}
const headers = { Authorization: 'Bearer sk-alice', 'x-mcp-db-authorization': 'token-of-alice' }

function block(title: string): string {
  const found = new RegExp(`## ${title}[^\n]*\n\n\`\`\`\\w+\n([^]*?)\n\`\`\``).exec(settings(person))?.[1]
  if (found === undefined) throw new Error(`no block for ${title}`)
  return found
}

test('each client gets the address with its slash, the key and the token of each bridge', () => {
  expect(JSON.parse(block('VS Code'))).toEqual({
    servers: { lan: { type: 'http', url: person.url, headers } },
  })
  expect(JSON.parse(block('Claude Desktop'))).toEqual({
    mcpServers: {
      lan: {
        command: 'npx',
        args: [
          '-y',
          'mcp-remote',
          person.url,
          '--allow-http',
          '--header',
          'Authorization:${LAN_AUTHORIZATION}',
          '--header',
          'x-mcp-db-authorization:${LAN_X_MCP_DB_AUTHORIZATION}',
        ],
        env: {
          LAN_AUTHORIZATION: 'Bearer sk-alice',
          LAN_X_MCP_DB_AUTHORIZATION: 'token-of-alice',
        },
      },
    },
  })
  expect(JSON.parse(block('Cursor'))).toEqual({ mcpServers: { lan: { url: person.url, headers } } })
  expect(parse(block('LibreChat'))).toEqual({
    mcpServers: { lan: { type: 'streamable-http', url: person.url, headers } },
    mcpSettings: { allowedAddresses: ['box.lan:4000'] },
  })
  expect(parse(block('n8n'))).toMatchObject({ Endpoint: person.url, Headers: headers })
  const webui = parse(block('Open WebUI')) as { Headers: string; Key: string }
  expect(webui.Key).toBe('sk-alice')
  expect(JSON.parse(webui.Headers)).toEqual({ 'x-mcp-db-authorization': 'token-of-alice' })
  expect(block('Claude Code')).toBe(
    [
      'claude mcp add --transport http lan http://box.lan:4000/mcp/ \\',
      '  --header "Authorization: Bearer sk-alice" \\',
      '  --header "x-mcp-db-authorization: token-of-alice"',
    ].join('\n'),
  )
})

test('over TLS mcp-remote needs no leave for plain HTTP', () => {
  expect(settings({ ...person, url: 'https://box.lan:8443/mcp/' })).not.toContain('--allow-http')
})

test('without tokens of their own there is no header but the key', () => {
  expect(settings({ ...person, tokens: new Map() })).not.toContain('x-mcp')
})
