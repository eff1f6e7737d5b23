// ten: real servers in one file, three of which do not work; while entries come, change and go, nobody else notices.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, fixture, StdioClient, StreamableClient, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, type Client } from '../clients.ts'

nothingLeft()

const entry = ([command, ...args]: readonly string[], env = {}) => ({ command, args, env })
const WORKING = Array.from({ length: 7 }, (_, i) => `works-${i}`)
const FAULTY = {
  absent: entry(['/nowhere/at/all']),
  crashes: entry(fixture('crashes-once-initialized')),
  silent: entry(fixture('ignores-initialize')),
}
/** TEN_MS=30000 is the long form. */
const RUN_MS = Number(process.env['TEN_MS'] ?? 10_000)
const PER_SECOND = 50
/** An added entry answers so soon, besides what its tool itself takes to do so. */
const NEW_MS = 2000

test('ten.calls: no call to another entry fails, and none of the others is started anew', async () => {
  const file = join(tempDir(), 'mcp.json')
  const kept = { ...Object.fromEntries(WORKING.map((name) => [name, entry(fixture('echo'))])), ...FAULTY }
  const write = (more: object) => {
    writeFileSync(`${file}.new`, JSON.stringify({ mcpServers: { ...kept, ...more } }))
    renameSync(`${file}.new`, file)
  }
  write({})
  const bridge = await bridged(['--servers', file, '--start-timeout', '3s'])
  const faulty = Object.keys(FAULTY).map(async (name) => {
    const client = new StreamableClient({ port: bridge.port, path: `/${name}/mcp` })
    await client.initialize().catch(() => {})
    client.close()
  })
  const clients = await Promise.all(
    WORKING.flatMap((name) => [
      openStreamable(bridge, { path: `/${name}/mcp` }),
      openSse(bridge, { path: `/${name}/sse` }),
    ]),
  )
  const pids = () => Promise.all(clients.map(async (client) => textOf(await client.call('pid'))))
  const before = await pids()

  const from = performance.now()
  const end = from + RUN_MS
  const isOver = () => performance.now() >= end
  const changes = (async () => {
    for (let round = 0; !isOver(); round++) {
      write({
        changes: entry(fixture('echo'), { ROUND: String(round) }),
        [`renamed-${round}`]: entry(fixture('echo')),
        ...(round % 2 === 0 ? { comes: entry(fixture('echo')) } : {}),
      })
      const written = performance.now()
      // By turns: told at once, and left to be seen.
      if (round % 2 === 0) process.kill(bridge.pid, 'SIGHUP')
      const answered = await answeredAt(bridge.port, `renamed-${round}`)
      expect(answered - written).toBeLessThan((await startMs()) + NEW_MS)
      // Whoever has a session of what changes may lose it; the next one may not fail.
      await openStreamable(bridge, { path: '/changes/mcp' }).catch(() => {})
      await sleep(300)
    }
  })()
  const calls: Promise<unknown>[] = []
  while (!isOver()) {
    const text = `call ${calls.length}`
    const client = clients[calls.length % clients.length] as Client
    calls.push(client.call('echo', { text }).then((response) => expect(textOf(response)).toBe(text)))
    // By the clock: a timer that is late is not to make them fewer.
    await sleep(Math.max(0, from + (calls.length * 1000) / PER_SECOND - performance.now()))
  }
  await Promise.all(calls)
  const perSecond = (calls.length * 1000) / (performance.now() - from)
  expect(perSecond).toBeGreaterThan(0.7 * PER_SECOND)
  expect(perSecond).toBeLessThan(1.1 * PER_SECOND)
  await Promise.all([...faulty, changes])
  expect(await pids()).toEqual(before)
  expect(bridge.logs.filter(({ msg }) => msg === 'server changed').length).toBeGreaterThan(1)
  const touched = bridge.logs.filter(({ msg }) => /^server (changed|removed)$/.test(msg))
  for (const { server } of touched) expect(String(server)).toMatch(/^(changes|comes|renamed-\d+)$/)
}, 120_000)

/** When an entry that was just written has answered a call. */
async function answeredAt(port: number, name: string): Promise<number> {
  return eventually(
    async () => {
      const client = new StreamableClient({ port, path: `/${name}/mcp` })
      // It is not there yet.
      if ((await client.initialize().catch(() => undefined)) === undefined) return false
      expect(textOf(await client.call('echo', { text: name }))).toBe(name)
      client.close()
      return performance.now()
    },
    { what: `an answer of ${name}` },
  )
}

/** What the tool itself takes to answer, with this machine as busy as it is now. */
async function startMs(): Promise<number> {
  const from = performance.now()
  const client = new StdioClient(fixture('echo'))
  await client.connect()
  await client.initialize()
  const ms = performance.now() - from
  await client.close()
  return ms
}
