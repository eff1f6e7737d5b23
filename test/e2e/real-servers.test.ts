// Real servers over both wires: with the official client, and answer by answer as over their own stdio.
import { pathToFileURL } from 'node:url'
import {
  eventually,
  leftovers,
  startBridge,
  StdioClient,
  tempDir,
  type RpcMessage,
  type RpcRequest,
  type RunningBridge,
  type SseClient,
  type StreamableClient,
} from '@mcp-bridge/testkit'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nothingLeft } from './nothing-left.ts'
import { servers, textOf, type Question, type RealServer } from './real-servers.ts'
import { connect, connectByHand, responsesOf, wires } from './wires.ts'

const CAPABILITIES = { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } }
const ROOTS = { roots: [{ uri: 'file:///srv/first', name: 'first' }, { uri: 'file:///srv/second' }] }
const SAMPLE = { role: 'assistant', model: 'none', content: { type: 'text', text: 'it' } } as const
const FORM = { action: 'accept', content: { name: 'Ada', check: true, integer: 7 } } as const

nothingLeft(afterAll)

describe.for(servers)('$name', (server) => {
  let bridge: RunningBridge
  let folder: string

  beforeAll(async () => {
    folder = tempDir()
    server.prepare(folder)
    const env = Object.entries(server.env(folder)).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    bridge = await startBridge([...env, '--', ...server.command(folder)])
  })

  afterAll(() => bridge.stop())

  test.for(wires)('the official client uses it over %s', async (wire) => {
    server.prepare(folder)
    const { client, leave } = await connect(wire, bridge)
    await expect(server.use(client, folder)).resolves.toBeUndefined()
    await leave()
  })

  test.for(wires)('says over %s what it says over its own stdio, to the byte', async (wire) => {
    const own = await overStdio(server, folder)
    server.prepare(folder)
    const { client, leave } = await connectByHand(wire, bridge, capabilitiesFor(server), answer)
    await converse(client, server, folder)

    const expected = own.responses.map(stable)
    expect(responsesOf(client).map(stable)).toEqual(expected)
    // As many as there were questions, and not all of them errors: what is compared is something.
    expect(expected).toHaveLength(1 + server.questions(folder).length)
    expect(expected.filter((text) => 'result' in JSON.parse(text)).length).toBeGreaterThan(
      expected.length / 2,
    )
    await eventually(() => client.received.length >= own.received.length, {
      what: `${own.received.length} messages unasked, as over stdio`,
    })
    expect(unordered(client.received)).toEqual(unordered(own.received))
    expect(client.strays).toEqual([])
    expect(client.failures).toEqual([])
    await leave()
  })

  test('ends in order, with nothing left', async () => {
    expect(await bridge.stop()).toEqual({ code: 0, signal: null })
    expect(await leftovers()).toEqual([])
  })
})

describe('what a server asks its client', () => {
  test.for(wires)('sampling, elicitation and roots of the official client over %s', async (wire) => {
    const [everything] = servers
    const bridge = await startBridge(['--', ...(everything?.command('') ?? [])])
    const asked: unknown[] = []
    const { client, leave } = await connect(wire, bridge, CAPABILITIES, (official) => {
      official.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
        asked.push(params.messages)
        return SAMPLE
      })
      official.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        asked.push(params.mode === 'url' ? params.url : params.message)
        return params.mode === 'url' ? { action: 'decline' } : FORM
      })
      official.setRequestHandler(ListRootsRequestSchema, () => ROOTS)
    })

    const sampled = textOf(
      await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'say it' } }),
    )
    expect(JSON.parse(sampled.replace('LLM sampling result: \n', ''))).toEqual(SAMPLE)
    const { content } = await client.callTool({ name: 'trigger-elicitation-request' })
    expect(JSON.stringify(content)).toContain('- Name: Ada')
    const url = { url: 'https://example.com/consent', elicitationId: 'e-1' }
    const declined = await client.callTool({ name: 'trigger-url-elicitation', arguments: url })
    expect(JSON.stringify(declined.content)).toMatch(/declined/i)
    expect(asked).toEqual([
      [
        {
          role: 'user',
          content: { type: 'text', text: 'Resource trigger-sampling-request context: say it' },
        },
      ],
      'Please provide inputs for the following fields:',
      'https://example.com/consent',
    ])
    const roots = textOf(await client.callTool({ name: 'get-roots-list' }))
    expect(roots).toContain(
      '1. first\n   URI: file:///srv/first\n\n2. Unnamed Root\n   URI: file:///srv/second',
    )

    await leave()
    expect(await bridge.stop()).toEqual({ code: 0, signal: null })
    expect(await leftovers()).toEqual([])
  })

  test('the roots of each client are its own', async () => {
    const folders = { 'Streamable HTTP': tempDir(), 'HTTP+SSE': tempDir() }
    const filesystem = servers.find(({ name }) => name === 'server-filesystem')
    const bridge = await startBridge(['--', ...(filesystem?.command(tempDir()) ?? [])])
    const officials = await Promise.all(
      wires.map(async (wire) => {
        const roots = [{ uri: pathToFileURL(folders[wire]).href }]
        const official = await connect(wire, bridge, { roots: {} }, (client) =>
          client.setRequestHandler(ListRootsRequestSchema, () => ({ roots })),
        )
        return { ...official, folder: folders[wire] }
      }),
    )
    for (const { client, folder } of officials) {
      const allowed = async () => textOf(await client.callTool({ name: 'list_allowed_directories' }))
      await eventually(async () => (await allowed()) === `Allowed directories:\n${folder}`, {
        what: `only ${folder} to be allowed`,
      })
    }
    for (const { leave } of officials) await leave()
    expect(await bridge.stop()).toEqual({ code: 0, signal: null })
    expect(await leftovers()).toEqual([])
  })
})

async function overStdio(server: RealServer, folder: string) {
  server.prepare(folder)
  const client = new StdioClient(server.command(folder), { env: server.env(folder) })
  client.onRequest = answer
  await client.connect()
  await client.initialize({ capabilities: capabilitiesFor(server) })
  await converse(client, server, folder)
  await client.close()
  expect(client.strays).toEqual([])
  return { responses: responsesOf(client), received: client.received }
}

/** One question after another, once the server has the roots: it asks for them at a moment of its own. */
async function converse(
  client: StdioClient | SseClient | StreamableClient,
  server: RealServer,
  folder: string,
): Promise<void> {
  if (capabilitiesFor(server) === CAPABILITIES) {
    await client.until('roots/list')
    await client.until('notifications/message')
  }
  for (const question of server.questions(folder)) await ask(client, question)
}

function ask(client: StdioClient | SseClient | StreamableClient, [method, params, progressToken]: Question) {
  return client.request(method, params, progressToken === undefined ? {} : { progressToken })
}

/** With roots the filesystem server forgets the folder it was started with. */
function capabilitiesFor({ name }: RealServer) {
  return name === 'server-everything' ? CAPABILITIES : {}
}

function answer({ method, params }: RpcRequest): unknown {
  if (method === 'roots/list') return ROOTS
  if (method === 'sampling/createMessage') return SAMPLE
  if (method === 'elicitation/create') return params.mode === 'url' ? { action: 'decline' } : FORM
  if (method === 'ping') return {}
  throw new Error(`unexpected ${method}`)
}

/** Without what differs from one moment or process to the next: times of day, random ids, the bridge's mark. */
function stable(text: string): string {
  return (
    text
      .replaceAll(/\d{1,2}:\d\d:\d\d\s[AP]M/g, 'TIME')
      .replaceAll(/[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4} \([^)]+\)/g, 'TIME')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
      .replace(/,?\\n {2}\\"MCP_BRIDGE_CHILD\\": \\"[^"]+\\"/, '')
      // Written out on an event stream, where some clients end lines at them.
      .replaceAll(/[\u0085\u2028\u2029]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
  )
}

/** Streams are not ordered among each other, and ids of requests are for each side to choose. */
function unordered(messages: readonly RpcMessage[]): string[] {
  return messages.map((message) => stable(JSON.stringify({ ...message, id: undefined }))).toSorted()
}
