// litellm/versions: the two LiteLLM that are tested, and what they do differently.

export type Wire = 'sse' | 'http' | 'modern'

export interface Version {
  version: '1.77.3' | '1.108.7'
  /** How it reaches a bridge: `modern` is Streamable HTTP with `protocol_version: 2026-07-28`. */
  wires: readonly Wire[]
  /** The members of a tool in its `tools/list`. */
  toolMembers: string
  keepsAnnotations: boolean
  /** Whether a failed call is still marked as one. */
  keepsIsError: boolean
  /** A call of a tool that the caller may not use, or that is not there. */
  unknownTool: (name: string) => RegExp
  /** A name with a dash in it, called without its prefix. */
  bareDash: RegExp
  /** A call with a token that the bridge refuses. */
  refused: RegExp
  /** Who alice is to the bridge when she comes over REST or `/v1/responses`. */
  overRest: 'alice' | 'gateway'
  /** What a tool hears that asks the user of a client that can be asked; newer versions need `allow_elicitation`. */
  elicited: RegExp
  /** What comes of a JSON-RPC error to a call, without `--compat litellm`. */
  plainError: 'hangs' | RegExp
}

export const stable: Version = {
  version: '1.77.3',
  wires: ['sse', 'http'],
  toolMembers: 'description,inputSchema,name',
  keepsAnnotations: false,
  keepsIsError: false,
  unknownTool: (name) => new RegExp(`^Unknown tool: ${name}$`),
  bareDash: /server prefix mismatch/,
  refused: /^MCP client session is not initialized$/,
  overRest: 'gateway',
  elicited: /Elicitation not supported/,
  plainError: 'hangs',
}

export const newest: Version = {
  version: '1.108.7',
  wires: ['sse', 'http', 'modern'],
  toolMembers: 'annotations,description,inputSchema,name',
  keepsAnnotations: true,
  keepsIsError: true,
  unknownTool: (name) =>
    new RegExp(`^Unknown tool: ${name}$|Tool '?${name}'? not found|Tool schema is unavailable`),
  bareDash: /^20\d\d-/,
  refused: /./,
  overRest: 'alice',
  elicited: /"action":"accept".*Ann/,
  plainError: /^MCPError: these arguments are wrong$/,
}
