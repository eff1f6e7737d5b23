// matrix/sdk1: the client of the TypeScript SDK 1.x.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { textOf, type Driver } from './observe.ts'
import { ANSWERS } from './plan.ts'

/** @param at where the server is, or the command that leads there */
export async function sdk1(at: string | readonly string[], name: string): Promise<Driver> {
  const client = new Client(
    { name, version: '1.0.0' },
    { capabilities: { sampling: {}, elicitation: {}, roots: {} } },
  )
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: ANSWERS.sampling },
  }))
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: 'accept',
    content: { name: ANSWERS.name },
  }))
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: ANSWERS.root }] }))
  const heard: string[] = []
  const logged: unknown[] = []
  client.setNotificationHandler(
    ResourceListChangedNotificationSchema,
    ({ method }) => void heard.push(method),
  )
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ method }) => void heard.push(method))
  client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    ({ params }) => void logged.push(params.data),
  )
  const transport =
    typeof at === 'string'
      ? new StreamableHTTPClientTransport(new URL(at))
      : new StdioClientTransport({ command: at[0] ?? '', args: at.slice(1) })
  await client.connect(transport)
  return {
    revision: transport instanceof StdioClientTransport ? undefined : transport.protocolVersion,
    heard,
    logged,
    names: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (tool, args, { wantsLog = false, ...options } = {}) => {
      if (wantsLog) await client.setLoggingLevel('debug')
      return textOf(await client.callTool({ name: tool, arguments: args }, undefined, options))
    },
    read: async (uri) => JSON.stringify((await client.readResource({ uri })).contents),
    prompt: async (prompt, args) =>
      JSON.stringify((await client.getPrompt({ name: prompt, arguments: args })).messages),
    listen: async (uri) => {
      if (uri !== undefined) await client.subscribeResource({ uri })
    },
    close: async () => {
      if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession()
      await client.close()
    },
  }
}
