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
    ...Object.fromEntries([...tokens].map(([alias, token]) => [tokenHeader(alias), token])),
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
    `They hold secrets: give them to ${name} only. ./add-user --show ${name} makes new ones, and ends these.`,
    block(
      'Claude Desktop: claude_desktop_config.json',
      'json',
      json({ mcpServers: { lan: remote(url, headers) } }),
    ),
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

/** What a person who has settings adds to them. */
export function additions(name: string, tokens: ReadonlyMap<string, string>): string {
  const headers = [...tokens].map(([alias, token]) => `${tokenHeader(alias)}: ${token}`)
  return [
    `# New for ${name}`,
    '',
    `Headers, to be added to those of ${name}'s settings (give them to ${name} only):`,
    '',
    ...headers,
    '',
    `All settings anew, in place of those that ${name} has: ./add-user --show ${name}`,
  ].join('\n')
}

/** Claude Desktop starts programs only: mcp-remote speaks for it. A header in a variable may have a space on every system. */
function remote(url: string, headers: Readonly<Record<string, string>>): object {
  const named = Object.entries(headers).map(
    ([header, value]) => [header, variableFor(header), value] as const,
  )
  return {
    command: 'npx',
    args: [
      '-y',
      'mcp-remote',
      url,
      // Else it refuses an address of another machine.
      ...(url.startsWith('http:') ? ['--allow-http'] : []),
      ...named.flatMap(([header, variable]) => ['--header', `${header}:\${${variable}}`]),
    ],
    env: Object.fromEntries(named.map(([, variable, value]) => [variable, value])),
  }
}

function variableFor(header: string): string {
  return `LAN_${header.toUpperCase().replaceAll(/\W/g, '_')}`
}

function tokenHeader(alias: string): string {
  return `x-mcp-${alias}-authorization`
}

function json(value: object): string {
  return JSON.stringify(value, undefined, 2)
}

function block(title: string, language: string, text: string): string {
  return `\n## ${title}\n\n\`\`\`${language}\n${text.trimEnd()}\n\`\`\``
}
