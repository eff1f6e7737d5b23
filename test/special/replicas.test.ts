// Three replicas behind HAProxy and nginx, set up as in `deploy`, and behind one that knows nothing of sessions: many clients of both eras
// and both wires, the death of a replica, and a restart of all under load. MCP_BRIDGE_TEST_CLIENTS says how many clients.
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, ModernClient, SseClient, StreamableClient, type RpcResponse } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nothingLeft } from '../integration/bridges.ts'
import { balanced, BALANCERS, type Balanced } from './replicas.ts'

const CLIENTS = Number(process.env['MCP_BRIDGE_TEST_CLIENTS'] ?? 60)
const CALLS = 5
/** A call that is not answered within this hangs. */
const HANGS_MS = 15_000

nothingLeft({ anyExit: true })

type Legacy = StreamableClient | SseClient

async function openLegacy(port: number, i: number): Promise<Legacy> {
  const client = i % 2 === 0 ? new StreamableClient({ port }) : new SseClient({ port })
  if (client instanceof SseClient) await client.connect()
  const { error } = await client.initialize()
  if (error !== undefined) throw new Error(JSON.stringify(error))
  return client
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = sleep(HANGS_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error('hangs')
  })
  late.catch(() => {})
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}

const answerOf = ({ result, error }: RpcResponse) => ({
  text: result?.content?.[0]?.text as unknown,
  pid: result?._meta?.pid as number | undefined,
  error,
})

/** In groups: a machine that opens all at once measures itself. */
async function each<T>(count: number, act: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async () => {
    while (next < count) {
      const i = next++
      results[i] = await act(i)
    }
  }
  await Promise.all(Array.from({ length: 50 }, worker))
  return results
}

describe.each(BALANCERS)('%s', (balancer) => {
  let all: Balanced
  beforeAll(async () => {
    all = await balanced(balancer, ['--children', 'shared', '--drain', '3s', '--max-sessions', '5000'])
  })
  afterAll(() => all.close())

  test('balanced.many: of many clients none gets to the wrong replica', async () => {
    const clients = await each<Legacy | ModernClient>(CLIENTS, (i) =>
      i % 3 === 2
        ? Promise.resolve(new ModernClient({ port: all.port, name: `c${i}` }))
        : openLegacy(all.port, i),
    )
    const seen = await each(CLIENTS, async (i) => {
      const answers: ReturnType<typeof answerOf>[] = []
      for (let k = 0; k < CALLS; k++)
        answers.push(answerOf(await inTime(clients[i]!.call('echo', { text: `${i}.${k}` }))))
      return answers
    })
    for (const [i, answers] of seen.entries()) {
      expect(answers.map(({ text, error }) => error ?? text)).toEqual(
        Array.from({ length: CALLS }, (_, k) => `${i}.${k}`),
      )
      // Each replica has one process: a session is where it was opened.
      if (i % 3 !== 2) expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1)
    }
    // All have some of them.
    expect(new Set(seen.flatMap((answers) => answers.map(({ pid }) => pid))).size).toBe(3)
    for (const client of clients) if (!(client instanceof ModernClient)) client.close()
  })

  test('balanced.killed: a replica is killed: each call in flight ends, and its clients are back within two seconds', async () => {
    const clients = await each(12, (i) => openLegacy(all.port, i))
    const modern = new ModernClient({ port: all.port })
    const late = clients.map((client) =>
      inTime(client.call('sleep', { ms: 3000 })).then(() => 'answered', String),
    )
    // They are on their way, and the replica has them.
    await sleep(500)
    await all.all[1]?.stop('SIGKILL')
    const killedAt = performance.now()
    const back = await Promise.all(
      clients.map(async (client, i) => {
        if (!client.sessionId?.startsWith('r2.')) return undefined
        const again =
          client instanceof SseClient
            ? await openLegacy(all.port, i)
            : await client.post({ jsonrpc: '2.0', id: 'x', method: 'ping' }).then(async ({ status }) => {
                expect(status).toBe(404)
                return openLegacy(all.port, i)
              })
        expect(answerOf(await again.call('echo', { text: 'back' })).text).toBe('back')
        const tookMs = performance.now() - killedAt
        again.close()
        return tookMs
      }),
    )
    const times = back.filter((ms) => ms !== undefined)
    expect(times.length).toBeGreaterThan(0)
    expect(Math.max(...times)).toBeLessThan(2000)
    expect(answerOf(await inTime(modern.call('echo', { text: 'on' }))).text).toBe('on')
    const ends = await Promise.all(late)
    for (const [i, end] of ends.entries()) {
      if (clients[i]?.sessionId?.startsWith('r2.')) expect(end).not.toMatch(/answered|hangs/)
      // Its connection may have gone over the one that is dead; a client resumes it.
      else if (balancer === 'round robin') expect(end).toMatch(/answered|cut without its answer/)
      else expect(end).toBe('answered')
    }
    for (const client of clients) client.close()
    await all.start(1)
  })

  test('balanced.rolling: all are restarted, one after the other, under load', async () => {
    const load = { isOver: false, modern: 0, legacy: 0, reopened: 0 }
    const failures: string[] = []
    const modernLoop = async (i: number) => {
      const client = new ModernClient({ port: all.port, name: `rolling-${i}` })
      while (!load.isOver) {
        const text = `${i}.${load.modern++}`
        const got = await inTime(client.call('echo', { text })).then(answerOf, (error: unknown) => ({
          text: undefined,
          error: String(error),
        }))
        if (got.text !== text) failures.push(JSON.stringify(got.error))
        await sleep(20)
      }
    }
    const legacyLoop = async (i: number) => {
      let client = await openLegacy(all.port, i)
      while (!load.isOver) {
        load.legacy++
        const got = await inTime(client.call('echo', { text: 'x' })).then(answerOf, (error: unknown) =>
          String(error),
        )
        if (typeof got === 'string' || got.text !== 'x') {
          if (typeof got === 'string' && got.includes('hangs')) failures.push('a call hangs')
          client.close()
          load.reopened++
          client = await inTime(openLegacy(all.port, i))
        }
        await sleep(20)
      }
      client.close()
    }
    const loops = Promise.all([
      ...Array.from({ length: 8 }, (_, i) => modernLoop(i)),
      ...Array.from({ length: 8 }, (_, i) => legacyLoop(i)),
    ])
    for (const i of [0, 1, 2]) {
      await all.takesNew(i, false)
      expect(await all.all[i]?.stop()).toEqual({ code: 0, signal: null })
      await all.start(i)
      await all.takesNew(i, true)
      // A load balancer looks twice a second.
      await sleep(600)
    }
    load.isOver = true
    await loops
    expect(failures).toEqual([])
    expect(load.modern).toBeGreaterThan(100)
    await eventually(() => load.reopened > 0, { what: 'a session that was opened anew' })
    if (process.env['MCP_BRIDGE_TEST_CLIENTS'] !== undefined)
      process.stdout.write(`${balancer}: ${JSON.stringify(load)}\n`)
  })
})
