// progress: with --progress-every a client that gives up on silence hears that its call goes on, and never against the tool.
import {
  Client as ModernSdk,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { eventually, fixture, MODERN_REVISION, ModernClient } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { embedded, nothingLeft, useBridge, type Embedded } from '../bridges.ts'
import { WIRES, type Client as ByHand } from '../clients.ts'

nothingLeft()
const ECHO = fixture('echo')
/** The client gives up after so long without progress; the tool is silent for twice as long. */
const IMPATIENT = { timeout: 3000, resetTimeoutOnProgress: true }
const SLEEP = { name: 'sleep', arguments: { ms: 6000 } }
const bridge = useBridge(['--progress-every', '100ms', '--', ...ECHO])

interface Sdk {
  callTool(onprogress: () => void): Promise<unknown>
  close(): Promise<void>
}

async function legacy(transport: Transport): Promise<Sdk> {
  const client = new Client({ name: 'impatient', version: '1' })
  await client.connect(transport)
  return {
    callTool: (onprogress) => client.callTool(SLEEP, undefined, { ...IMPATIENT, onprogress }),
    close: () => client.close(),
  }
}

async function modern(url: URL, command: string): Promise<Sdk> {
  const client = new ModernSdk(
    { name: command, version: '1' },
    { versionNegotiation: { mode: { pin: MODERN_REVISION } } },
  )
  await client.connect(new ModernTransport(url))
  return {
    callTool: (onprogress) => client.callTool(SLEEP, { ...IMPATIENT, onprogress }),
    close: () => client.close(),
  }
}

function impatient({ port }: Pick<Embedded, 'port'>): Promise<Sdk[]> {
  const url = (path: string) => new URL(`http://127.0.0.1:${port}${path}`)
  return Promise.all([
    legacy(new StreamableHTTPClientTransport(url('/mcp')) as Transport),
    legacy(new SSEClientTransport(url('/sse'))),
    modern(url('/mcp'), 'impatient'),
  ])
}

test.each(['session', 'shared', 'pool'] as const)(
  'progress.kept: %s: the SDKs wait for a call that is silent for longer than they wait',
  async (children) => {
    const told = await embedded({ command: ECHO, children, progressEveryMs: 200 }, {})
    const clients = await impatient(told)
    await Promise.all(
      clients.map(async (client) => {
        let beats = 0
        expect(await client.callTool(() => void beats++)).toMatchObject({ content: [{ text: 'slept' }] })
        expect(beats).toBeGreaterThan(0)
        await client.close()
      }),
    )
  },
)

test('progress.kept: without it they do not', async () => {
  const clients = await impatient(await embedded({ command: ECHO }, {}))
  for (const client of clients) {
    await expect(client.callTool(() => {})).rejects.toThrow(/timed out/i)
    await client.close()
  }
})

const progressOf = (messages: readonly any[]): { progress: number; progressToken: unknown }[] =>
  messages.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params)

/** Values below zero are the bridge's. */
function orderOf(seen: { progress: number; progressToken: unknown }[]) {
  const values = seen.map(({ progress }) => progress)
  const own = values.filter((value) => value >= 0)
  return {
    isRising: values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0)),
    hasForged: values.length > own.length,
    own,
    tokens: [...new Set(seen.map(({ progressToken }) => progressToken))],
  }
}

const order = (own: number[]) => ({ isRising: true, hasForged: true, own, tokens: ['t é'] })

const told = ({ received }: ByHand) => progressOf(received)

describe.each(WIRES)('over %s', (_wire, open) => {
  test('progress.own: once the tool reports progress, nothing is said in its place', async () => {
    const client = await open(bridge)
    await client.call('progress', { steps: 2, delayMs: 1000 }, { progressToken: 't é' })
    expect(orderOf(told(client))).toEqual(order([1, 2]))
    client.close()
  })

  test('progress.over: nothing comes for a call without a token, or that is over, or cancelled', async () => {
    const client = await open(bridge)
    await client.call('sleep', { ms: 500 })
    expect(told(client)).toEqual([])
    await client.call('sleep', { ms: 500 }, { progressToken: 'done' })
    const call = client.call('sleep', { ms: 60_000 }, { id: 'c', progressToken: 'cut' }).catch(() => {})
    await eventually(() => told(client).some(({ progressToken }) => progressToken === 'cut'), {
      what: 'the first word of the call',
    })
    await client.cancel('c')
    await client.call('pid')
    const count = told(client).length
    await client.call('sleep', { ms: 500 })
    expect(told(client)).toHaveLength(count)
    client.close()
    await call
  })
})

test('progress.own: the same of a client of 2026-07-28', async () => {
  const client = new ModernClient(bridge)
  const args = { name: 'progress', arguments: { steps: 2, delayMs: 1000 } }
  const { messages } = await client.request('tools/call', args, { progressToken: 't é' })
  expect(orderOf(progressOf(messages))).toEqual(order([1, 2]))
})

test('progress.kept: a tool of 2026-07-28 that is silent', async () => {
  const client = new ModernClient(
    await embedded({ command: fixture('speaks-modern'), progressEveryMs: 100 }, {}),
  )
  const args = { name: 'sleep', arguments: { ms: 1000 } }
  const { messages } = await client.request('tools/call', args, { progressToken: 't é' })
  expect(orderOf(progressOf(messages))).toEqual(order([]))
})
