// The official client of 2026-07-28, in each way it can begin, in front of a tool that knows only what came before.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { fixture, MODERN_REVISION } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('asks-client')])

type Mode = 'legacy' | 'auto' | { pin: string }

async function connected(mode: Mode): Promise<Client> {
  const client = new Client(
    { name: 'official', version: '2' },
    { capabilities: { elicitation: {}, sampling: {}, roots: {} }, versionNegotiation: { mode } },
  )
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ada' } }))
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///work' }] }))
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${bridge.port}/mcp`)))
  return client
}

const textOf = ({ content }: { content?: unknown }): string => (content as { text: string }[])[0]?.text ?? ''

test.each([
  ['legacy', 'legacy'],
  ['auto', 'modern'],
  [{ pin: MODERN_REVISION }, 'modern'],
] as const)('%s: tools, questions, progress and resources', async (mode, era) => {
  const client = await connected(mode)
  expect(client.getProtocolEra()).toBe(era)
  expect(client.getServerVersion()?.name).toBe('asks-client')
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toContain('elicit')
  expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'é😀' } }))).toBe('é😀')
  expect(JSON.parse(textOf(await client.callTool({ name: 'elicit' })))).toMatchObject({
    content: { name: 'Ada' },
  })
  expect(JSON.parse(textOf(await client.callTool({ name: 'roots' })))).toEqual({
    roots: [{ uri: 'file:///work' }],
  })
  const seen: number[] = []
  await client.callTool(
    { name: 'progress', arguments: { steps: 3, delayMs: 20 } },
    { onprogress: ({ progress }) => void seen.push(progress) },
  )
  expect(seen).toEqual([1, 2, 3])
  const { contents } = await client.readResource({ uri: 'fixture://page' })
  expect(contents).toHaveLength(1)
  await client.close()
})

test('two of them at once: each is asked its own', async () => {
  const clients = await Promise.all([connected('auto'), connected('legacy')])
  const answers = await Promise.all(clients.map((client) => client.callTool({ name: 'elicit' })))
  for (const answer of answers) expect(textOf(answer)).toContain('Ada')
  await Promise.all(clients.map((client) => client.close()))
})
