// import/client-entry: what people paste into the client whose file it was, so that it calls the stack.
import type { ClientName } from '@mcp-bridge/client-file'
import { stringify } from 'yaml'

export interface Address {
  name: string
  url: string
  token: string
}

/** In place of the servers that were wrapped; the name of a file says its format. */
export function clientEntries(
  client: ClientName,
  addresses: readonly Address[],
): { file: string; text: string } {
  const each = <T>(entry: (address: Address, headers: Record<string, string>) => T): Record<string, T> =>
    Object.fromEntries(
      addresses.map((address) => [
        address.name,
        entry(address, { Authorization: `Bearer ${address.token}` }),
      ]),
    )
  switch (client) {
    case 'codex':
      return { file: 'client.toml', text: addresses.map(codex).join('\n') }
    case 'goose': {
      const extensions = each(({ name, url }, headers) => ({
        ...{ name, description: '', enabled: true, type: 'streamable_http', uri: url, headers, timeout: 300 },
      }))
      return { file: 'client.yaml', text: stringify({ extensions }, { lineWidth: 0 }) }
    }
    case 'claude-desktop':
      return json(
        'mcpServers',
        each(({ url }, headers) => desktop(url, headers)),
      )
    case 'vscode':
      return json(
        'servers',
        each(({ url }, headers) => ({ type: 'http', url, headers })),
      )
    case 'zed':
      return json(
        'context_servers',
        each(({ url }, headers) => ({ url, headers })),
      )
    case 'windsurf':
      return json(
        'mcpServers',
        each(({ url }, headers) => ({ serverUrl: url, headers })),
      )
    case 'gemini':
      return json(
        'mcpServers',
        each(({ url }, headers) => ({ httpUrl: url, headers })),
      )
    case 'cline':
      return json(
        'mcpServers',
        each(({ url }, headers) => ({ type: 'streamableHttp', url, headers })),
      )
    case 'roo':
      return json(
        'mcpServers',
        each(({ url }, headers) => ({ type: 'streamable-http', url, headers })),
      )
    case 'claude-code':
    case 'cursor':
    case 'jetbrains':
      return json(
        'mcpServers',
        each(({ url }, headers) => ({ type: 'http', url, headers })),
      )
  }
}

/** Its file knows programs only. The header has no blank, which Windows would lose. */
function desktop(url: string, headers: Record<string, string>): object {
  const isLocal = /^http:\/\/(127\.0\.0\.1|localhost)[:/]/.test(url)
  const args = ['-y', 'mcp-remote', url, '--header', 'Authorization:${AUTHORIZATION}']
  return {
    command: 'npx',
    args: isLocal ? args : [...args, '--allow-http'],
    env: { AUTHORIZATION: headers['Authorization'] ?? '' },
  }
}

function codex({ name, url, token }: Address): string {
  return [
    `[mcp_servers.${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)}]`,
    `url = ${JSON.stringify(url)}`,
    `http_headers = { Authorization = ${JSON.stringify(`Bearer ${token}`)} }`,
    '',
  ].join('\n')
}

function json(root: string, servers: object): { file: string; text: string } {
  return { file: 'client.json', text: `${JSON.stringify({ [root]: servers }, undefined, 2)}\n` }
}
