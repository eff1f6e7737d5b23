// ten: real servers in one file, three of which do not work; while entries come, change and go, nobody else notices.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fixture, StreamableClient, tempDir } from '@mcp-bridge/testkit'
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
const RUN_MS = 10_000
const PER_SECOND = 50

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

  const end = Date.now() + RUN_MS
  const changes = (async () => {
    for (let round = 0; Date.now() < end; round++) {
      write({
        changes: entry(fixture('echo'), { ROUND: String(round) }),
        [`renamed-${round}`]: entry(fixture('echo')),
        ...(round % 2 === 0 ? { comes: entry(fixture('echo')) } : {}),
      })
      process.kill(bridge.pid, 'SIGHUP')
      // Whoever has a session of what changes may lose it; the next one may not fail.
      await openStreamable(bridge, { path: '/changes/mcp' }).catch(() => {})
      await sleep(300)
    }
  })()
  const calls: Promise<unknown>[] = []
  for (let count = 0; Date.now() < end; count++) {
    const text = `call ${count}`
    const client = clients[count % clients.length] as Client
    calls.push(client.call('echo', { text }).then((response) => expect(textOf(response)).toBe(text)))
    await sleep(1000 / PER_SECOND)
  }
  await Promise.all([...calls, ...faulty, changes])
  expect(calls.length).toBeGreaterThan(RUN_MS / 1000)
  expect(await pids()).toEqual(before)
  expect(bridge.logs.filter(({ msg }) => msg === 'server changed').length).toBeGreaterThan(3)
  const touched = bridge.logs.filter(({ msg }) => /^server (changed|removed)$/.test(msg))
  for (const { server } of touched) expect(String(server)).toMatch(/^(changes|comes|renamed-\d+)$/)
}, 60_000)
