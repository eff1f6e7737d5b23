// fuzz: clients with and without sessions mixed on one tool, with equal ids, questions, departures and crashes.
import { fixture, ModernClient, StreamableClient, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { Random } from './random.ts'

nothingLeftAfterEach()

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
const CLIENTS = 16
const CALLS = Number(process.env['FUZZ_CALLS'] ?? 1600)
/** What may come in place of an answer, where a child was crashed or a client asks too much. */
const EXCUSES = new Set(['child_exited', 'session_unknown', 'child_backing_off', 'request_state_invalid'])

type Call = (name: string, args: object) => Promise<RpcResponse>

interface Tally {
  wrong: string[]
  calls: number
  answered: number
}

test.each([
  ['an older tool, a process each', { command: fixture('asks-client') }],
  ['an older tool, shared', { command: fixture('asks-client'), children: 'shared' as const }],
  ['a tool of 2026-07-28', { command: fixture('speaks-modern', 'only') }],
])(`fuzz.modern: FUZZ_SEED=${SEED}: %s`, { timeout: Math.max(180_000, CALLS * 60) }, async (_, config) => {
  const bridge = await embedded({ ...config, maxChildren: 40 }, {})
  const tally: Tally = { wrong: [], calls: 0, answered: 0 }
  const isShared = 'children' in config
  await Promise.all(
    Array.from({ length: CLIENTS }, (_each, n) => {
      const random = new Random(SEED + n)
      return n % 2 === 0
        ? modern(bridge, n, random, tally, isShared)
        : legacy(bridge, n, random, tally, isShared)
    }),
  )
  expect(tally.wrong).toEqual([])
  expect(tally.calls).toBeGreaterThanOrEqual(CALLS)
  if (!isShared) expect(tally.answered).toBeGreaterThan(0)
})

async function modern(
  { port }: { port: number },
  n: number,
  random: Random,
  tally: Tally,
  isShared: boolean,
): Promise<void> {
  const client = new ModernClient({ port, name: `modern-${n}`, capabilities: { elicitation: {} } })
  const call: Call = async (name, args) => {
    const first = await client.call(name, args)
    if (first.result?.resultType !== 'input_required') return first
    const { inputRequests, requestState } = first.result
    const inputResponses = Object.fromEntries(
      Object.keys(inputRequests).map((key) => [key, { action: 'accept', content: { name: String(n) } }]),
    )
    const params = {
      name,
      arguments: args,
      inputResponses,
      ...(requestState === undefined ? {} : { requestState }),
    }
    return (await client.request('tools/call', params)).response
  }
  await life(call, n, random, tally, isShared, async () => {
    const leave = new AbortController()
    const left = client.open(
      'tools/call',
      { name: 'sleep', arguments: { ms: 5000 } },
      { signal: leave.signal },
    )
    setTimeout(() => leave.abort(), random.below(20))
    await left.then((stream) => stream.ended).catch(() => {})
  })
}

async function legacy(
  { port }: { port: number },
  n: number,
  random: Random,
  tally: Tally,
  isShared: boolean,
): Promise<void> {
  let client: StreamableClient | undefined
  const open = async () => {
    const opened = new StreamableClient({ port })
    opened.onRequest = () => ({ action: 'accept', content: { name: String(n) } })
    await opened.initialize({ capabilities: { elicitation: {} } })
    client = opened
    return opened
  }
  const call: Call = async (name, args) => {
    try {
      return await (client ?? (await open())).call(name, args)
    } catch (error) {
      // The session went with its child.
      client?.close()
      client = undefined
      const code = 'session_unknown'
      return { jsonrpc: '2.0', id: null, error: { code: -1, message: String(error), data: { code } } }
    }
  }
  await life(call, n, random, tally, isShared, async () => {
    await client?.del().catch(() => {})
    client?.close()
    client = undefined
  })
  await client?.del().catch(() => {})
  client?.close()
}

async function life(
  call: Call,
  n: number,
  random: Random,
  tally: Tally,
  isShared: boolean,
  leave: () => Promise<void>,
): Promise<void> {
  for (let i = 0; i < CALLS / CLIENTS; i++) {
    tally.calls++
    const chance = random.below(100)
    if (chance < 2) await leave()
    else if (chance < 3) await call('crash', { code: 1 })
    else if (chance < 13) {
      const { result, error } = await call('elicit', {})
      const text: string = result?.content?.[0]?.text ?? ''
      if (text.includes(`"name":"${n}"`)) tally.answered++
      // In a crowd on one older process it often cannot be told whom it means.
      else if (!(isShared && text.includes('cannot be told')) && !EXCUSES.has(error?.data?.code))
        tally.wrong.push(`${n} was answered ${text}${JSON.stringify(error)}`)
    } else {
      const own = `${n}-${i}`
      const { result, error } = await call('echo', { text: own })
      if (result?.content?.[0]?.text !== own && !EXCUSES.has(error?.data?.code))
        tally.wrong.push(`${own} got ${JSON.stringify(result ?? error)}`)
    }
  }
}
