// warm: a standby has done its starting before a session asks for it; one that cannot wait is not kept.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually, fixture, isAlive, send, StreamableClient, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

const START_MS = 1000

async function initializeMs(bridge: { port: number }): Promise<{ tookMs: number; pid: number }> {
  const from = performance.now()
  const client = await openStreamable(bridge)
  const tookMs = performance.now() - from
  return { tookMs, pid: Number(textOf(await client.call('pid'))) }
}

test('children.warm: initialize does not wait for a process start; without standbys it does', async () => {
  const folder = tempDir()
  const command = fixture('slow-start', String(START_MS), folder)
  const [warm, cold] = await Promise.all([
    bridged(['--warm', '1', '--', ...command]),
    bridged(['--warm', '0', '--', ...command]),
  ])
  await Promise.all([warm, cold].map((bridge) => bridge.until(({ msg }) => msg === 'tool answers')))
  const standby = await eventually(() => warm.childPids[1], { what: 'the standby' })
  expect(cold.childPids).toHaveLength(1)
  await eventually(() => existsSync(join(folder, `${standby}`)), { what: 'the standby to have started' })

  expect((await initializeMs(warm)).pid).toBe(standby)
  expect((await initializeMs(cold)).tookMs).toBeGreaterThan(START_MS * 0.95)
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

test('children.warm: after a second death of an unused standby none are kept for a while; it is no crash', async () => {
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
  const off = await bridge.until(({ msg }) => msg === 'standbys end unused; none are kept for a while')
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

test('children.warm: a standby that has died is handed to nobody, also while something it left behind is ended', async () => {
  const leaves = '(trap "" TERM; exec </dev/null >/dev/null 2>&1; while :; do sleep 0.2; done) & exec "$@"'
  const bridge = await bridged([
    '--start-timeout',
    '30s',
    '--',
    ...['sh', '-c', leaves, 'sh'],
    ...fixture('echo'),
  ])
  const standby = await eventually(() => bridge.childPids[1], { what: 'the standby' })
  process.kill(standby, 'SIGKILL')
  await bridge.until(({ msg, childPid }) => msg === 'child exited' && childPid === standby)
  // What it left is ended with SIGKILL after 2 s; meanwhile, one client after the other.
  const from = performance.now()
  while (performance.now() - from < 3000) {
    const { pid, tookMs } = await initializeMs(bridge)
    expect(pid).not.toBe(standby)
    expect(tookMs).toBeLessThan(20_000)
    // Each has a process: a fast machine would come to --max-children.
    await delay(150)
  }
})

test('children.warm: standbys that die are replaced as long as others are used between', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  for (let death = 1; death <= 4; death++) {
    const dies = await eventually(() => bridge.childPids[2 * death - 1], { what: `standby ${death}` })
    process.kill(dies, 'SIGKILL')
    const standby = await eventually(() => bridge.childPids[2 * death], { what: 'another in its place' })
    expect((await initializeMs(bridge)).pid).toBe(standby)
  }
  await eventually(() => bridge.childPids.length === 10, { what: 'a standby still' })
  expect(bridge.logs.filter(({ msg }) => msg.startsWith('standbys end unused'))).toEqual([])
})

test('children.warm: a standby that a client cannot use makes room for its process', async () => {
  const config = join(tempDir(), 'bridge.json')
  writeFileSync(config, JSON.stringify({ clients: { ann: { token: 'of-ann', env: { KEY: 'hers' } } } }))
  const bridge = await bridged(['--config', config, '--max-children', '1', '--', ...fixture('echo')])
  const standby = await eventually(() => bridge.childPids[1], { what: 'the standby' })
  const ann = await openStreamable(bridge, { headers: { authorization: 'Bearer of-ann' } })
  expect(textOf(await ann.call('env', { name: 'KEY' }))).toBe('hers')
  expect(isAlive(standby)).toBe(false)
})
