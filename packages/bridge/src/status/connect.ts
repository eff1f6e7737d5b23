// status/connect: how a client is told of a tool: what to type, what to paste, what to click. Never with a token in it.

export interface Connectable {
  /** What the client calls it. */
  name: string
  /** Streamable HTTP. */
  url: string
  hasTokens: boolean
}

const PLACEHOLDER = 'YOUR_TOKEN'

/** A short key for a client's list, of the name that a tool has or gives itself. */
export function clientKeyOf(name: string): string {
  return (
    name
      .split('/')
      .at(-1)
      ?.replaceAll(/[^\w.-]+/g, '-')
      .replace(/^[.-]+/, '') || 'tool'
  )
}

/** @see https://docs.cursor.com/en/tools/developers the link that installs a server */
export function cursorLink({ name, url, hasTokens }: Connectable): string {
  const config = Buffer.from(JSON.stringify({ url, ...headersFor(hasTokens) })).toString('base64')
  const query = `name=${encodeURIComponent(name)}&config=${encodeURIComponent(config)}`
  return `cursor://anysphere.cursor-deeplink/mcp/install?${query}`
}

/** @see https://code.visualstudio.com/api/extension-guides/ai/mcp#create-an-mcp-installation-url */
export function vsCodeLink({ name, url, hasTokens }: Connectable): string {
  const config = { name, type: 'http', url, ...headersFor(hasTokens) }
  return `vscode:mcp/install?${encodeURIComponent(JSON.stringify(config))}`
}

export function claudeCommand({ name, url, hasTokens }: Connectable): string {
  const header = hasTokens ? ` --header "Authorization: Bearer ${PLACEHOLDER}"` : ''
  return `claude mcp add --transport http ${name} ${url}${header}`
}

export function clientConfig({ name, url, hasTokens }: Connectable): string {
  return JSON.stringify({ mcpServers: { [name]: { type: 'http', url, ...headersFor(hasTokens) } } }, null, 2)
}

function headersFor(hasTokens: boolean): { headers?: { Authorization: string } } {
  return hasTokens ? { headers: { Authorization: `Bearer ${PLACEHOLDER}` } } : {}
}
