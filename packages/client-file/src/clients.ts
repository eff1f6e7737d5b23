// clients: the clients whose files are read, and how each says it.
import type { Format } from './formats.ts'

export interface Client {
  title: string
  /** What its files are usually called. */
  files: readonly string[]
  format: Format
  /** Where its servers stand. */
  root: readonly string[]
  /** How a path ends that only this client has; the root tells the others apart. */
  known?: RegExp
  /** Of an address without a type. */
  wire?: 'sse' | 'http'
  /** `$NAME` is a variable, too. */
  isBare?: boolean
}

export const CLIENTS = {
  'claude-desktop': {
    title: 'Claude Desktop',
    files: ['claude_desktop_config.json'],
    format: 'json',
    root: ['mcpServers'],
    known: /claude_desktop_config\.json$/,
  },
  'claude-code': {
    title: 'Claude Code',
    files: ['.mcp.json', '~/.claude.json'],
    format: 'json',
    root: ['mcpServers'],
    known: /\.(mcp|claude)\.json$/,
  },
  vscode: {
    title: 'VS Code',
    files: ['.vscode/mcp.json', 'settings.json'],
    format: 'json',
    root: ['servers'],
    known: /\.vscode[\\/][^\\/]+$/,
  },
  cursor: {
    title: 'Cursor',
    files: ['.cursor/mcp.json'],
    format: 'json',
    root: ['mcpServers'],
    known: /\.cursor[\\/]mcp\.json$/,
  },
  windsurf: {
    title: 'Windsurf',
    files: ['mcp_config.json'],
    format: 'json',
    root: ['mcpServers'],
    known: /mcp_config\.json$/,
  },
  zed: {
    title: 'Zed',
    files: ['settings.json'],
    format: 'json',
    root: ['context_servers'],
  },
  cline: {
    title: 'Cline',
    files: ['cline_mcp_settings.json'],
    format: 'json',
    root: ['mcpServers'],
    known: /cline_mcp_settings\.json$/,
    wire: 'sse',
  },
  roo: {
    title: 'Roo Code',
    files: ['mcp_settings.json', '.roo/mcp.json'],
    format: 'json',
    root: ['mcpServers'],
    known: /(^|[\\/])mcp_settings\.json$|\.roo[\\/]mcp\.json$/,
  },
  codex: {
    title: 'Codex',
    files: ['~/.codex/config.toml'],
    format: 'toml',
    root: ['mcp_servers'],
    wire: 'http',
  },
  gemini: {
    title: 'Gemini CLI',
    files: ['~/.gemini/settings.json'],
    format: 'json',
    root: ['mcpServers'],
    known: /\.gemini[\\/]settings\.json$/,
    wire: 'sse',
    isBare: true,
  },
  goose: {
    title: 'Goose',
    files: ['~/.config/goose/config.yaml'],
    format: 'yaml',
    root: ['extensions'],
  },
  jetbrains: {
    title: 'JetBrains',
    files: ['the JSON of its settings', '.junie/mcp/mcp.json'],
    format: 'json',
    root: ['mcpServers'],
    known: /\.(junie|idea|air)[\\/].*\.json$/,
  },
} as const satisfies Record<string, Client>

export type ClientName = keyof typeof CLIENTS

/** Where servers may stand, the client that puts them there, and what is asked of people beside them. */
export const ROOTS: readonly { path: readonly string[]; client: ClientName | undefined }[] = [
  { path: ['mcpServers'], client: undefined },
  { path: ['servers'], client: 'vscode' },
  { path: ['mcp', 'servers'], client: 'vscode' },
  { path: ['context_servers'], client: 'zed' },
  { path: ['mcp_servers'], client: 'codex' },
  { path: ['extensions'], client: 'goose' },
]

/** Undefined for a file with `mcpServers` whose name could be anybody's. */
export function clientOf(path: string): ClientName | undefined {
  const all = Object.entries(CLIENTS) as [ClientName, Client][]
  return all.find(([, { known }]) => known?.test(path) === true)?.[0]
}
