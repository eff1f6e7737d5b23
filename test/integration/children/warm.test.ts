// warm: a standby has done its starting before a session asks for it; one that cannot wait is not kept.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, isAlive, send, StreamableClient, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft, openStreamable, textOf } from './session.ts'

nothingLeft()

const START_MS = 2500

async function initializeMs(bridge: { port: number }): Promise<{ tookMs: number; pid: number }> {
  const from = performance.now()
  const client = await openStreamable(bridge)
  const tookMs = performance.now() - from
  return { tookMs, pid: Number(textOf(await client.call('pid'))) }
}

test('children.warm: initialize does not wait for a process start; without standbys it does', async () => {
  const command = fixture('slow-start', String(START_MS))
  const [warm, cold] = await Promise.all([
    bridged(['--warm', '1', '--', ...command]),
    bridged(['--warm', '0', '--', ...command]),
  ])
  await Promise.all([warm, cold].map((bridge) => bridge.until(({ msg }) => msg === 'tool answers')))
  const standby = await eventually(() => warm.childPids[1], { what: 'the standby' })
  expect(cold.childPids).toHaveLength(1)
  const startedAt = performance.now()
  await eventually(() => performance.now() > startedAt + START_MS + 1000, {
    what: 'the standby to have started',
  })

  const first = await initializeMs(warm)
  expect(first.pid).toBe(standby)
  expect(first.tookMs).toBeLessThan(START_MS / 2)
  expect((await initializeMs(cold)).tookMs).toBeGreaterThanOrEqual(START_MS)
  const next = await eventually(() => warm.childPids[2], { what: 'the next standby' })
  expect((await initializeMs(warm)).pid).toBe(next)
})

test('children.warm: as many standbys as asked for, and none with --header-env', async () => {
  const several = await bridged(['--warm', '3', '--', ...fixture('echo')])
  await eventually(() => several.childPids.length === 4, { what: 'the trial and three standbys' })
  expect(several.childPids.slice(1).every(isAlive)).toBe(true)
  const perClient = await bridged(['--warm', '3', '--header-env', 'X-Key=API_KEY', '--', ...fixture('echo')])
  await perClient.until(({ msg }) => msg === 'tool answers')
  const client = await openStreamable(perClient, { headers: { 'x-key': 'mine' } })
  expect(textOf(await client.call('env', { name: 'API_KEY' }))).toBe('mine')
  expect(perClient.childPids).toHaveLength(2)
})

test('children.warm: a second death of an unused standby switches warm off, and is no crash', async () => {
  const impatient = join(tempDir(), 'impatient.mjs')
  writeFileSync(
    impatient,
    `const timer = setTimeout(() => { console.error('nobody asks'); process.exit(9) }, 700)
     process.stdin.once('data', (chunk) => {
       clearTimeout(timer)
       process.stdin.pause()
       process.stdin.unshift(chunk)
       import(process.argv[2]).then(() => process.stdin.resume())
     })`,
  )
  const [node = '', echo = ''] = fixture('echo')
  const bridge = await bridged(['--on-crash', 'exit', '--', node, impatient, echo])
  const off = await bridge.until(({ msg }) => msg === 'standbys end unused; none are kept from now on')
  expect(off).toMatchObject({ level: 'warn', stderr: ['nobody asks'] })
  expect(bridge.childPids).toHaveLength(3)
  expect((await send({ port: bridge.port, path: '/readyz' })).status).toBe(200)
  for (let session = 1; session <= 3; session++) {
    const client = await openStreamable(bridge)
    expect(textOf(await client.call('echo', { text: 'served' }))).toBe('served')
    expect(bridge.childPids).toHaveLength(3 + session)
  }
})

test('children.warm: a standby never takes the place of a client', async () => {
  const bridge = await bridged(['--max-children', '2', '--', ...fixture('echo')])
  const one = await openStreamable(bridge)
  const other = await openStreamable(bridge)
  expect(
    await Promise.all([one, other].map(async (client) => textOf(await client.call('echo', { text: 'in' })))),
  ).toEqual(['in', 'in'])
  const third = new StreamableClient(bridge)
  expect((await third.initialize()).error?.data.code).toBe('child_limit_reached')
})
