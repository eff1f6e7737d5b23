// matrix/sdk1: the client of the TypeScript SDK 1.x.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
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

export async function sdk1(url: string, name: string): Promise<Driver> {
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
  const transport = new StreamableHTTPClientTransport(new URL(url))
  await client.connect(transport)
  return {
    revision: transport.protocolVersion,
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
      await transport.terminateSession()
      await client.close()
    },
  }
}
