// litellm/stack: bridges, each with its log, behind one LiteLLM.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  isAlive,
  startBridge,
  StdioClient,
  tempDir,
  type Reply,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import {
  installLiteLLM,
  LiteLLM,
  resultOf,
  type Content,
  type LiteLLMOptions,
  type McpServer,
} from './litellm.ts'
import type { Version, Wire } from './versions.ts'

interface CallResult {
  content: Content[]
  isError?: boolean
}

/** With a live `/mcp/` LiteLLM answers in 10 ms on a machine that has nothing else to do; one that hangs never does. */
const AT_ONCE_MS = 30_000
/** Newer versions give a call a minute unless told; 1.77.3 has no limit. */
const LONG_S = 120
export const TOKENS = { gateway: 'token-of-gateway', alice: 'token-of-alice', bob: 'token-of-bob' }
/** What people may use; undefined: everything. */
export const TOOLS = { gateway: ['echo', 'env'], alice: undefined, bob: ['change', 'echo', 'env', 'look'] }

/** A LiteLLM and the bridges behind it. To LiteLLM each is a server per wire: `NAME_sse`, `NAME_http`. */
export class Stack {
  readonly #version: Version
  readonly #bridges = new Map<string, RunningBridge>()
  #litellm: LiteLLM | undefined

  constructor(version: Version) {
    this.#version = version
  }

  async addBridge(name: string, options: readonly string[], command: readonly string[]): Promise<void> {
    this.#bridges.set(name, await startBridge([...options, '--', ...command]))
  }

  /** With a model for each server, which asks its tool `env` for WHO. */
  async start(): Promise<void> {
    const { wires } = this.#version
    const servers = Object.fromEntries(
      [...this.#bridges].flatMap(([name, bridge]) =>
        wires.map((wire) => [`${name}_${wire}`, entryOf(bridge, wire)] as const),
      ),
    )
    const models: LiteLLMOptions['models'] = Object.fromEntries(
      Object.keys(servers).map((name) => [name, { tool: `${name}-env`, args: { name: 'WHO' } }]),
    )
    const venv = await installLiteLLM(this.#version)
    this.#litellm = await LiteLLM.start(venv, { servers, models, env: { GATEWAY_TOKEN: TOKENS.gateway } })
  }

  /** @param signal a LiteLLM that hangs does not end when asked */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#litellm?.stop(signal)
    await Promise.all([...this.#bridges.values()].map((each) => each.stop()))
  }

  get litellm(): LiteLLM {
    if (this.#litellm === undefined) throw new Error('LiteLLM has not been started')
    return this.#litellm
  }

  bridge(name: string): RunningBridge {
    const bridge = this.#bridges.get(name)
    if (bridge === undefined) throw new Error(`there is no bridge ${name}`)
    return bridge
  }

  /** Calls a tool over `/mcp/`. An HTTP failure is none that LiteLLM survives. */
  async call(name: string, args: object = {}, headers = {}): Promise<string> {
    return textOf((await this.result(name, args, headers)).content)
  }

  async result(name: string, args: object = {}, headers = {}): Promise<CallResult> {
    // Else newer versions ask all servers for their tools, and here are thirty.
    const [, server] = /^(\w+_(?:sse|http|modern))-/.exec(name) ?? []
    const only = server === undefined ? {} : { 'x-mcp-servers': server }
    const reply = await this.litellm.mcp('tools/call', { name, arguments: args }, { ...only, ...headers })
    return resultOf(ok(name, reply)) as unknown as CallResult
  }

  /** The same over REST, where only newer versions give the whole result. */
  async rest(name: string, args: object = {}, headers = {}): Promise<string> {
    let reply = await this.litellm.rest(name, args, headers)
    while (isSlowHook(reply)) reply = await this.litellm.rest(name, args, headers)
    const answer = ok(name, reply).json() as Content[] | CallResult
    return textOf('content' in answer ? answer.content : answer)
  }

  async pingsAtOnce(): Promise<void> {
    const reply = await this.litellm.mcp('ping', {}, {}, AbortSignal.timeout(AT_ONCE_MS))
    if (JSON.stringify(resultOf(ok('ping', reply))) !== '{}') throw new Error(`ping: ${reply.body}`)
  }
}

/** The options of a bridge that tells three people apart. */
export function peopleOptions(): string[] {
  const file = join(tempDir(), 'bridge.yaml')
  const clients = {
    gateway: { token: TOKENS.gateway, env: { WHO: 'gateway' }, 'tools-allow': TOOLS.gateway },
    alice: { token: TOKENS.alice, env: { WHO: 'alice' } },
    bob: { token: TOKENS.bob, env: { WHO: 'bob' }, 'tools-allow': TOOLS.bob },
  }
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ clients }))
  return ['--config', file]
}

/** Names of the tools of a stdio server, of all pages. */
export async function namesOf(command: readonly string[]): Promise<string[]> {
  const client = new StdioClient(command)
  await client.connect()
  await client.initialize()
  const found: string[] = []
  let cursor: string | undefined
  do {
    const { result } = await client.request('tools/list', cursor === undefined ? {} : { cursor })
    found.push(...namesIn(result.tools))
    cursor = result.nextCursor
  } while (cursor !== undefined)
  await client.close()
  return found
}

export function namesIn(tools: readonly { name: string }[]): string[] {
  return tools.map(({ name }) => name).toSorted()
}

export function prefixed(server: string, tools: readonly string[]): string[] {
  return tools.map((name) => `${server}-${name}`).toSorted()
}

export function living(bridge: RunningBridge): number[] {
  return bridge.childPids.filter(isAlive)
}

export function sessions({ logs }: RunningBridge): { opened: number; open: number } {
  const count = (event: string) => logs.filter(({ msg }) => msg === event).length
  const opened = count('session opened')
  return { opened, open: opened - count('session closed') }
}

function entryOf(bridge: RunningBridge, wire: Wire): McpServer {
  return {
    url: bridge.url(wire === 'sse' ? '/sse' : '/mcp'),
    transport: wire === 'sse' ? 'sse' : 'http',
    ...(wire === 'modern' ? { protocol_version: '2026-07-28' } : {}),
    auth_type: 'bearer_token',
    auth_value: 'os.environ/GATEWAY_TOKEN',
    timeout: LONG_S,
    allow_elicitation: true,
  }
}

/**
 * 1.77.3 fails over REST where what it does before a call takes over 10 ms: it then reads the span of a key that it has not
 * looked up. The tool has not been asked.
 */
function isSlowHook({ status, body }: Reply): boolean {
  return status === 500 && body.includes("'NoneType' object has no attribute 'parent_otel_span'")
}

function ok(what: string, reply: Reply): Reply {
  if (reply.status !== 200) throw new Error(`${what}: HTTP ${reply.status} ${reply.body}`)
  return reply
}

function textOf(content: readonly Content[]): string {
  return content[0]?.text ?? ''
}
