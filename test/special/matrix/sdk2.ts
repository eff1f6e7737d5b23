// matrix/sdk2: the client of the TypeScript SDK 2.x, with one way to find the revision.
import {
  Client,
  LOG_LEVEL_META_KEY,
  StreamableHTTPClientTransport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { textOf, type Driver } from './observe.ts'
import { ANSWERS } from './plan.ts'

/** @param at where the server is, or the command that leads there */
export async function sdk2(
  at: string | readonly string[],
  name: string,
  mode?: VersionNegotiationMode,
): Promise<Driver> {
  const client = new Client(
    { name, version: '1.0.0' },
    {
      capabilities: { sampling: {}, elicitation: {}, roots: {} },
      ...(mode === undefined ? {} : { versionNegotiation: { mode } }),
    },
  )
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: ANSWERS.sampling },
  }))
  client.setRequestHandler('elicitation/create', () => ({
    action: 'accept',
    content: { name: ANSWERS.name },
  }))
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: ANSWERS.root }] }))
  const heard: string[] = []
  const logged: unknown[] = []
  client.setNotificationHandler(
    'notifications/resources/list_changed',
    ({ method }) => void heard.push(method),
  )
  client.setNotificationHandler('notifications/resources/updated', ({ method }) => void heard.push(method))
  client.setNotificationHandler('notifications/message', ({ params }) => void logged.push(params.data))
  const transport =
    typeof at === 'string'
      ? new StreamableHTTPClientTransport(new URL(at))
      : new StdioClientTransport({ command: at[0] ?? '', args: at.slice(1) })
  await client.connect(transport)
  const isModern = client.getProtocolEra() === 'modern'
  return {
    revision: client.getNegotiatedProtocolVersion(),
    heard,
    logged,
    names: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (tool, args, { wantsLog = false, ...options } = {}) => {
      if (wantsLog && !isModern) await client.setLoggingLevel('debug')
      const meta = wantsLog && isModern ? { _meta: { [LOG_LEVEL_META_KEY]: 'debug' } } : {}
      return textOf(await client.callTool({ name: tool, arguments: args, ...meta }, options))
    },
    read: async (uri) => JSON.stringify((await client.readResource({ uri })).contents),
    prompt: async (prompt, args) =>
      JSON.stringify((await client.getPrompt({ name: prompt, arguments: args })).messages),
    listen: async (uri) => {
      if (isModern)
        await client.listen(
          uri === undefined ? { resourcesListChanged: true } : { resourceSubscriptions: [uri] },
        )
      else if (uri !== undefined) await client.subscribeResource({ uri })
    },
    close: async () => {
      if (!isModern && transport instanceof StreamableHTTPClientTransport) await transport.terminateSession()
      await client.close()
    },
  }
}
