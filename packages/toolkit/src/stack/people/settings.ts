// people/settings: what a person pastes into their client: the address of LiteLLM, their key, and their tokens as headers.
import { stringify } from 'yaml'

/** What the settings of one person are made of. */
export interface Credentials {
  name: string
  /** Of `/mcp/`, with the slash: without it LiteLLM redirects, and some clients do not follow. */
  url: string
  key: string
  /** Token by alias; LiteLLM hands each to the bridge of that alias, and to no other. */
  tokens: ReadonlyMap<string, string>
}

/** Headers of every request. LiteLLM itself puts `Bearer` in front of a bridge's token. */
function headersOf({ key, tokens }: Credentials): Record<string, string> {
  return {
    Authorization: `Bearer ${key}`,
    ...Object.fromEntries([...tokens].map(([alias, token]) => [`x-mcp-${alias}-authorization`, token])),
  }
}

/** Markdown with a block for each client. */
export function settings(person: Credentials): string {
  const { name, url } = person
  const headers = headersOf(person)
  const http = { type: 'http', url, headers }
  const flags = Object.entries(headers).map(([header, value]) => ` \\\n  --header "${header}: ${value}"`)
  const { Authorization: _key, ...others } = headers
  return [
    `# Settings of ${name}`,
    '',
    'They hold secrets: give them to this person only. Nothing here can be shown again.',
    block('Claude Code', 'sh', `claude mcp add --transport http lan ${url}${flags.join('')}`),
    block('VS Code: .vscode/mcp.json', 'json', json({ servers: { lan: http } })),
    block('Cursor: ~/.cursor/mcp.json', 'json', json({ mcpServers: { lan: { url, headers } } })),
    block(
      'Open WebUI 0.6.31 or newer: Settings, Admin, Integrations, add a server',
      'yaml',
      stringify(
        {
          Type: 'MCP (Streamable HTTP)',
          URL: url,
          Auth: 'Bearer',
          Key: person.key,
          ...(person.tokens.size > 0 ? { Headers: JSON.stringify(others) } : {}),
        },
        { lineWidth: 0 },
      ),
    ),
    block(
      'LibreChat: librechat.yaml',
      'yaml',
      stringify(
        {
          mcpServers: { lan: { type: 'streamable-http', url, headers } },
          mcpSettings: { allowedAddresses: [new URL(url).host] },
        },
        { lineWidth: 0 },
      ),
    ),
    block(
      'n8n: MCP Client Tool 1.1 or newer',
      'yaml',
      stringify(
        {
          Endpoint: url,
          'Server Transport': 'HTTP Streamable',
          Authentication: 'Multiple Headers Auth',
          Headers: headers,
        },
        { lineWidth: 0 },
      ),
    ),
    '',
  ].join('\n')
}

function json(value: object): string {
  return JSON.stringify(value, undefined, 2)
}

function block(title: string, language: string, text: string): string {
  return `\n## ${title}\n\n\`\`\`${language}\n${text.trimEnd()}\n\`\`\``
}
