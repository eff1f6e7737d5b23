// import/client-file: the tools in the configuration of an MCP client: Claude Desktop, Claude Code, VS Code, Cursor.
import { basename } from 'node:path'
import { getNodeValue, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser'
import * as z from 'zod'
import { ToolkitError } from '../errors.ts'

export interface Entry {
  name: string
  /** Empty for a server that runs elsewhere. */
  command: string[]
  env: Record<string, string>
  url: string | undefined
}

/** A value that the client asks of its user: `${input:id}`. */
export interface Input {
  id: string
  description: string
  isSecret: boolean
}

export interface ClientFile {
  entries: Entry[]
  inputs: Input[]
}

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)
// Loose: clients have further keys of their own, such as disabled, alwaysAllow and timeout.
const server = z.looseObject({
  command: z.string().optional(),
  args: z.array(text).default([]),
  env: z
    .record(
      z.string(),
      z.union([text, z.null()]).transform((value) => value ?? ''),
    )
    .default({}),
  url: z.string().optional(),
  serverUrl: z.string().optional(),
})
const input = z.looseObject({
  id: z.string(),
  description: z.string().default(''),
  password: z.boolean().default(false),
})
const servers = z.record(z.string(), server)
const file = z.looseObject({
  mcpServers: servers.optional(),
  servers: servers.optional(),
  inputs: z.array(input).default([]),
  /** VS Code's settings.json. */
  mcp: z.looseObject({ servers: servers.optional(), inputs: z.array(input).default([]) }).optional(),
})

/** @throws ToolkitError if the text is no such file */
export function parseClientFile(content: string, path: string): ClientFile {
  const label = basename(path)
  let raw: unknown
  try {
    raw = parseJsonc(content)
  } catch (cause) {
    throw new ToolkitError(`${label} is no JSON`, { cause })
  }
  const { data, error } = file.safeParse(raw)
  if (data === undefined) {
    const [issue] = error?.issues ?? []
    throw new ToolkitError(`${label}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`)
  }
  const all = data.mcpServers ?? data.servers ?? data.mcp?.servers
  if (all === undefined)
    throw new ToolkitError(`${label} has neither mcpServers nor servers`, {
      hint: 'name the file in which a client lists its tools',
    })
  return {
    entries: Object.entries(all).map(([name, { command, args, env, url, serverUrl }]) => ({
      name,
      command: command === undefined ? [] : [command, ...args],
      env,
      url: url ?? serverUrl,
    })),
    inputs: [...data.inputs, ...(data.mcp?.inputs ?? [])].map(({ id, description, password }) => ({
      id,
      description,
      isSecret: password,
    })),
  }
}

/** VS Code writes comments and trailing commas into these files. @throws Error without a word of what is in it */
function parseJsonc(content: string): unknown {
  const errors: ParseError[] = []
  const tree = parseTree(content.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true })
  const [first] = errors
  if (tree === undefined || first !== undefined)
    throw new Error(first === undefined ? 'empty' : `${printParseErrorCode(first.error)} at ${first.offset}`)
  // Not `parse`, whose objects would take a key `__proto__` for their prototype.
  return getNodeValue(tree)
}
