// litellm/litellm: a LiteLLM proxy on this machine, without a database, and how it is asked.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, send, StreamableClient, tempDir, type Headers, type Reply } from '@mcp-bridge/testkit'
import { launch, registryEnv, run } from '../e2e/command.ts'
import { freePort } from '../e2e/port.ts'
import type { Version } from './versions.ts'

/** An entry of `mcp_servers`; its key is its alias too. */
export interface McpServer {
  /** Without it the key. */
  alias?: string
  url: string
  transport: 'sse' | 'http'
  auth_type?: 'bearer_token' | 'authorization' | 'api_key'
  auth_value?: string
  /** 1.77.3 ignores what follows. */
  static_headers?: Readonly<Record<string, string>>
  protocol_version?: string
  /** In seconds; 60 unless set. */
  timeout?: number
  allow_elicitation?: boolean
}

export interface LiteLLMOptions {
  servers: Readonly<Record<string, McpServer>>
  /** What each model calls: the tool as LiteLLM names it, and its arguments. */
  models?: Readonly<Record<string, { tool: string; args: object }>>
  env?: Readonly<Record<string, string>>
}

export interface Content {
  type: string
  text: string
}

/** A tool as LiteLLM lists it. */
export interface ListedTool {
  name: string
  description: string
  [member: string]: unknown
}

/** Opens everything. */
export const KEY = 'sk-master-of-the-test'
const INSTALL = fileURLToPath(new URL('install.sh', import.meta.url))
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/litellm', import.meta.url))
const START_MS = 120_000
const INSTALL_MS = 600_000

/** Installs the proxy of this version unless it is there, and gives the folder of its virtual environment. */
export async function installLiteLLM({ version }: Version): Promise<string> {
  await run(['sh', INSTALL, CACHE, version], { env: registryEnv(tempDir()), withinMs: INSTALL_MS })
  return join(CACHE, version)
}

export class LiteLLM {
  readonly #port: number
  readonly #stop: (signal: NodeJS.Signals) => Promise<void>
  #lastId = 0

  private constructor(port: number, stop: (signal: NodeJS.Signals) => Promise<void>) {
    this.#port = port
    this.#stop = stop
  }

  /** Starts it and waits until it answers; from then on it knows the tools of all servers. */
  static async start(venv: string, options: LiteLLMOptions): Promise<LiteLLM> {
    const folder = tempDir()
    const port = await freePort('127.0.0.1')
    const config = join(folder, 'config.yaml')
    // JSON is YAML.
    writeFileSync(config, JSON.stringify(configOf(options)))
    const command = [
      join(venv, 'bin/litellm'),
      '--config',
      config,
      '--host',
      '127.0.0.1',
      '--port',
      `${port}`,
    ]
    const env = {
      HOME: folder,
      LITELLM_MASTER_KEY: KEY,
      LITELLM_SALT_KEY: 'sk-salt-of-the-test',
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      ...options.env,
    }
    const { started, output } = await launch([...command, '--telemetry', 'False'], { cwd: folder, env })
    let hasExited = false
    void started.exited.then(() => (hasExited = true))
    const proxy = new LiteLLM(port, async (signal) => {
      started.process.kill(signal)
      await started.exited
    })
    await eventually(() => hasExited || proxy.isLive(), { what: 'LiteLLM to be alive', withinMs: START_MS })
    if (hasExited) throw new Error(`LiteLLM ended:\n${output.stdout}\n${output.stderr.slice(-8000)}`)
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** What its own health check says. */
  async isLive(): Promise<boolean> {
    return (await this.#send('GET', '/health/liveliness')).status === 200
  }

  /** One JSON-RPC request to `/mcp/`, the way of MCP clients; `initialize` is not needed. */
  mcp(method: string, params: object = {}, headers: Headers = {}, signal?: AbortSignal): Promise<Reply> {
    const message = { jsonrpc: '2.0', id: ++this.#lastId, method, params }
    return this.#send(
      'POST',
      '/mcp/',
      message,
      { accept: 'application/json, text/event-stream', ...headers },
      signal,
    )
  }

  /** A client of one server with a session, as people have it. */
  async client(server: string, capabilities: Record<string, unknown>): Promise<StreamableClient> {
    const headers = { authorization: `Bearer ${KEY}`, 'x-mcp-servers': server }
    const client = new StreamableClient({ port: this.#port, path: '/mcp/', headers })
    await client.initialize({ capabilities })
    return client
  }

  /** Tools of these servers as an MCP client sees them. */
  async tools(servers: readonly string[], headers: Headers = {}): Promise<ListedTool[]> {
    const reply = await this.mcp('tools/list', {}, { 'x-mcp-servers': servers.join(','), ...headers })
    return resultOf(reply)['tools'] as ListedTool[]
  }

  /**
   * Tools over REST, with their prefix, which only older versions put there.
   *
   * @param server only newer versions leave out those of others
   */
  async restTools(server?: string): Promise<ListedTool[]> {
    const query = server === undefined ? '' : `?mcp_server_name=${server}`
    const { tools } = (await this.#send('GET', `/mcp-rest/tools/list${query}`)).json() as {
      tools: (ListedTool & { mcp_info: { alias?: string } })[]
    }
    return tools.map(({ mcp_info: { alias }, ...tool }) =>
      alias === undefined ? tool : { ...tool, name: `${alias}-${tool.name}` },
    )
  }

  /** Calls a tool over REST, by its prefixed name. Newer versions must be told the server too, older ones do not mind. */
  rest(name: string, args: object = {}, headers: Headers = {}): Promise<Reply> {
    const [alias] = name.split('-')
    return this.#send('POST', '/mcp-rest/tools/call', { server_id: alias, name, arguments: args }, headers)
  }

  /** Has a model answer with the tools of a server; LiteLLM itself calls the one that it wants. Gives what came out. */
  async responses(model: string, server: string, headers: Headers = {}): Promise<string> {
    const tools = [
      {
        type: 'mcp',
        server_label: 'litellm',
        server_url: `litellm_proxy/mcp/${server}`,
        require_approval: 'never',
      },
    ]
    const reply = await this.#send('POST', '/v1/responses', { model, input: 'go on', tools }, headers)
    const items = reply.json().output as { type: string; content: Content[] }[]
    const executed = items.find(({ type }) => type === 'tool_execution_results')
    const [first] = JSON.parse(executed?.content[0]?.text ?? '[]') as { result: string }[]
    return first?.result ?? reply.body
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#stop(signal)
  }

  #send(
    method: string,
    path: string,
    body?: object,
    headers: Headers = {},
    signal?: AbortSignal,
  ): Promise<Reply> {
    return send({
      port: this.#port,
      method,
      path,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  }
}

/** The result of a JSON-RPC answer, which newer versions give as the one event of a stream. */
export function resultOf({ body }: Reply): Record<string, unknown> {
  const json = /^data: (.*)$/m.exec(body)?.[1] ?? body
  return (JSON.parse(json) as { result: Record<string, unknown> }).result
}

function configOf({ servers, models = {} }: LiteLLMOptions): object {
  return {
    model_list: Object.entries(models).map(([name, { tool, args }]) => ({
      model_name: name,
      litellm_params: {
        // With another provider LiteLLM hands /v1/responses on as it is: 1.77.3 with `openai/`, newer ones with `hosted_vllm/` too.
        model: `custom_openai/${name}`,
        api_base: 'http://127.0.0.1:9/v1',
        api_key: 'none',
        mock_tool_calls: [
          { id: 'call_1', type: 'function', function: { name: tool, arguments: JSON.stringify(args) } },
        ],
      },
    })),
    general_settings: { master_key: 'os.environ/LITELLM_MASTER_KEY' },
    mcp_servers: Object.fromEntries(
      Object.entries(servers).map(([name, server]) => [name, { alias: name, ...server }]),
    ),
  }
}
