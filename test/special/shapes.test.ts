// shapes: a tool that answers in shapes that nothing allows: no bridge ends, no request waits, a bystander is untouched.
import { setTimeout as delay } from 'node:timers/promises'
import { fixture, Refused, StreamableClient, type RunningBridge } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../integration/bridges.ts'
import { textOf } from '../integration/clients.ts'

nothingLeft()

const SEED = Number(process.env['SHAPES_SEED'] ?? Date.now() % 1_000_000)
/** Sessions of each bridge, all at once, each with a seed of its own; and how many bridges there are at once. */
const SEEDS = 12
const BRIDGES = 3
/** Longer than any deadline of the bridge, on a busy machine too. */
const ANSWERED_MS = 60_000

const FLAGS = [
  [],
  ['--tools-allow=echo'],
  ['--read-only'],
  ['--compat=litellm'],
  ['--compat=litellm', '--tools-deny=other'],
  ['--compat=litellm', '--read-only'],
]

const ASKED: [string, object][] = [
  ['tools/list', {}],
  ['tools/call', { name: 'echo', arguments: { text: 'x' } }],
  ['logging/setLevel', { level: 'debug' }],
  ['resources/list', {}],
  ['resources/subscribe', { uri: 'fixture://x' }],
  ['prompts/list', {}],
  ['tools/call', { name: 'echo', arguments: {}, _meta: { progressToken: 'p' } }],
  ['ping', {}],
]

// The seed is in the title, so that it is always printed: SHAPES_SEED=… repeats what each child says.
test.each(['session', 'shared', 'pool'])(
  `shapes: %s: SHAPES_SEED=${SEED}: no bridge ends, no request waits, a bystander is untouched`,
  async (mode) => {
    const left = FLAGS.map((flags, i) => ({ flags, first: SEED + i * SEEDS }))
    const lanes = Array.from({ length: BRIDGES }, async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        await survives(['--children', mode, ...next.flags], next.first)
      }
    })
    await Promise.all(lanes)
    expect(left).toEqual([])
  },
  ANSWERED_MS * 3,
)

async function survives(flags: readonly string[], first: number): Promise<void> {
  const bridge = await bridged([
    ...[...flags, '--max-children', '64', '--header-env', 'X-Shapes=SHAPES'],
    ...['--call-timeout', '3s', '--start-timeout', '8s', '--', ...fixture('random-shapes')],
  ])
  const bystander = await opened(bridge)
  const met = Promise.all(Array.from({ length: SEEDS }, (_, i) => meet(bridge, first + i)))
  const isOver = met.then(() => true)
  const works = async () => {
    for (let i = 0; ; i++) {
      if (await Promise.race([isOver, delay(1, false)])) break
      const answer = await bystander.call('echo', { text: `fine ${i}` })
      expect([...flags, textOf(answer)]).toEqual([...flags, `fine ${i}`])
    }
  }
  await Promise.all([works(), met])
  // Nothing had to be caught: each shape was foreseen.
  expect([...flags, ...bridge.logs.filter(({ err }) => err !== undefined)]).toEqual(flags)
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
}

async function opened(bridge: RunningBridge): Promise<StreamableClient> {
  const client = new StreamableClient({ port: bridge.port })
  expect((await client.initialize()).error).toBeUndefined()
  return client
}

/** One session with a child that draws its shapes from this seed: every request has an answer, whatever it is. */
async function meet(bridge: RunningBridge, seed: number): Promise<void> {
  const client = new StreamableClient({ port: bridge.port, headers: { 'x-shapes': String(seed) } })
  // What it asks is answered, too; it may not understand that.
  client.onRequest = () => ({})
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: { roots: {} },
    clientInfo: { name: 'x', version: '1' },
  }
  await answered(client, seed, 'initialize', params)
  if (client.sessionId === undefined) return
  await client.post({ jsonrpc: '2.0', method: 'notifications/initialized' })
  await Promise.all(ASKED.map(([method, asked]) => answered(client, seed, method, asked)))
  await client.del()
  client.close()
}

async function answered(
  client: StreamableClient,
  seed: number,
  method: string,
  params: object,
): Promise<void> {
  const signal = AbortSignal.timeout(ANSWERED_MS)
  try {
    await client.request(method, params, { signal })
  } catch (error) {
    // A refusal says why, in JSON-RPC.
    if (error instanceof Refused && error.status >= 400 && error.error !== undefined) return
    throw new Error(`seed ${seed}: ${method} has no answer`, { cause: error })
  }
}
