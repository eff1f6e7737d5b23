// fields: every field that a client has for a server, and what becomes of it. docs/CLIENT-FILES.md is made from this.
import { CLIENTS, type ClientName } from './clients.ts'

/** What a field says, in the words of one client for all. */
export type Meaning =
  | 'command'
  | 'args'
  | 'env'
  | 'envFile'
  | 'envNames'
  | 'secretNames'
  | 'cwd'
  | 'url'
  | 'httpUrl'
  | 'headers'
  | 'headerNames'
  | 'bearerName'
  | 'type'
  | 'source'
  | 'enabled'
  | 'disabled'
  | 'allow'
  | 'deny'
  | 'options'

/** Carried over; asked of a person, because only the client's machine knows it; or dropped, and named. */
export type Fate = 'carried' | 'asked' | 'dropped'

export interface Field {
  name: string
  clients: readonly ClientName[]
  /** Of a program that is no client, and has its servers in a file like theirs. */
  proxy?: string
  fate: Fate
  means?: Meaning
  /** What becomes of it, for people. */
  what: string
}

const ALL = Object.keys(CLIENTS) as ClientName[]
const WITH_ADDRESS = ALL.filter((client) => client !== 'claude-desktop')
const without = (...names: ClientName[]): ClientName[] => ALL.filter((client) => !names.includes(client))

const carried = (name: string, clients: readonly ClientName[], means: Meaning, what: string): Field => ({
  ...{ name, clients, fate: 'carried', means, what },
})
const asked = (name: string, clients: readonly ClientName[], means: Meaning, what: string): Field => ({
  ...{ name, clients, fate: 'asked', means, what },
})
const dropped = (what: string, names: Record<string, readonly ClientName[]>): Field[] =>
  Object.entries(names).map(([name, clients]) => ({ name, clients, fate: 'dropped', what }))

const PROGRAM = 'The program: a text, a list, or one text with its arguments'
const ADDRESS = 'The address, in litellm.yaml'
const HEADERS = 'Kept for LiteLLM: authorization and x-api-key by every version, others by newer ones'
const ASKED = 'Variables of your shell: Compose insists on them in .env'
const HEADER_ASKED = 'Variables of your shell: lines to fill in, in litellm.env'

export const FIELDS: readonly Field[] = [
  carried(
    'command',
    without('goose'),
    'command',
    `${PROGRAM}; of Zed an object with path, args and env, too`,
  ),
  carried('cmd', ['goose'], 'command', PROGRAM),
  carried('args', ALL, 'args', 'Arguments: a list, or one text. Numbers keep their digits'),
  carried('env', without('goose'), 'env', 'Variables: secrets to secrets/, others to compose.yaml'),
  carried('envs', ['goose'], 'env', 'Variables: secrets to secrets/, others to compose.yaml'),
  carried(
    'envFile',
    ['vscode', 'cursor'],
    'envFile',
    'Read here; Compose insists on a file that is not there',
  ),
  asked('env_vars', ['codex'], 'envNames', ASKED),
  asked('env_keys', ['goose'], 'secretNames', 'Secrets of the keyring: Compose insists on them in .env'),
  carried('cwd', ['vscode', 'cline', 'roo', 'codex', 'gemini'], 'cwd', 'Mounted, if it is a folder here'),
  carried('workingDirectory', ['jetbrains'], 'cwd', 'Mounted, if it is a folder here'),
  carried(
    'url',
    WITH_ADDRESS.filter((client) => client !== 'goose'),
    'url',
    ADDRESS,
  ),
  carried('serverUrl', ['windsurf'], 'url', ADDRESS),
  carried('httpUrl', ['gemini'], 'httpUrl', `${ADDRESS}, as Streamable HTTP`),
  carried('uri', ['goose'], 'url', ADDRESS),
  carried(
    'headers',
    WITH_ADDRESS.filter((client) => client !== 'codex'),
    'headers',
    HEADERS,
  ),
  carried('http_headers', ['codex'], 'headers', HEADERS),
  asked('env_http_headers', ['codex'], 'headerNames', HEADER_ASKED),
  asked('bearer_token_env_var', ['codex'], 'bearerName', HEADER_ASKED),
  carried(
    'type',
    without('claude-desktop', 'windsurf', 'zed', 'codex'),
    'type',
    'Program, SSE or Streamable HTTP',
  ),
  carried('transportType', ['cline'], 'type', 'Program, SSE or Streamable HTTP'),
  carried('transport', ['claude-code', 'windsurf'], 'type', 'Program, SSE or Streamable HTTP'),
  carried(
    'source',
    ['zed'],
    'source',
    'custom is read; what comes with an extension of Zed has no program to wrap',
  ),
  carried(
    'disabled',
    ['claude-desktop', 'claude-code', 'windsurf', 'cline', 'roo'],
    'disabled',
    'Not wrapped',
  ),
  carried('enabled', ['zed', 'codex', 'goose', 'jetbrains'], 'enabled', 'false: not wrapped'),
  ...['includeTools', 'enabled_tools', 'available_tools'].map((name, i) =>
    carried(
      name,
      [(['gemini', 'codex', 'goose'] as const)[i] ?? 'codex'],
      'allow',
      'The bridge offers only these',
    ),
  ),
  carried('excludeTools', ['gemini'], 'deny', 'The bridge does not offer these'),
  carried('disabled_tools', ['codex'], 'deny', 'The bridge does not offer these'),
  carried('disabledTools', ['windsurf', 'roo'], 'deny', 'The bridge does not offer these'),
  {
    ...carried(
      'options',
      [],
      'options',
      'Of it toolFilter: the bridge offers these, or does not; all else is named',
    ),
    proxy: 'mcp-proxy of TBXark',
  },
  ...dropped('How long the client waits: the bridge has limits of its own', {
    timeout: ['claude-code', 'zed', 'cline', 'roo', 'gemini', 'goose'],
    startup_timeout_sec: ['codex'],
    startup_timeout_ms: ['codex'],
    tool_timeout_sec: ['codex'],
  }),
  ...dropped('Whether the client asks before a call: that stays with the client', {
    alwaysAllow: ['roo', 'windsurf'],
    autoApprove: ['cline'],
    trust: ['gemini'],
    default_tools_approval_mode: ['codex'],
    tools: ['codex'],
  }),
  ...dropped('A login of a person in the client: a gateway cannot do it; give it a header', {
    oauth: ['claude-code', 'vscode', 'codex', 'gemini', 'cline'],
    auth: ['cursor'],
    headersHelper: ['claude-code'],
    scopes: ['codex'],
    oauth_resource: ['codex'],
    authProviderType: ['gemini'],
    targetAudience: ['gemini'],
    targetServiceAccount: ['gemini'],
    bearer_token: ['codex'],
  }),
  ...dropped('How the client runs it on your machine', {
    dev: ['vscode'],
    sandboxEnabled: ['vscode'],
    sandbox: ['vscode'],
    watchPaths: ['roo'],
    experimental_environment: ['codex'],
    required: ['codex'],
    supports_parallel_tool_calls: ['codex'],
    alwaysLoad: ['claude-code'],
    remote: ['zed'],
    settings: ['zed'],
  }),
  ...dropped('What the client shows', {
    name: ['codex', 'goose'],
    description: ['claude-code', 'gemini', 'goose'],
    display_name: ['goose'],
    bundled: ['goose'],
    gallery: ['vscode'],
    version: ['vscode'],
    extensionName: ['gemini'],
  }),
]

const BY_NAME = new Map(FIELDS.map((field) => [field.name, field]))

/** A field means the same wherever it stands. */
export function fieldOf(name: string): Field | undefined {
  return BY_NAME.get(name)
}
