// crash-loop: a tool that crashes again and again is held back, readiness says why, and it is tried until it works.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, send, StreamableClient, tempDir, type RunningBridge } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

// Side by side: what is held back is held back for seconds.
nothingLeft()

/** The echo server as long as a file is there; else it complains and exits with 3. */
async function fragile(): Promise<{ bridge: RunningBridge; work(): void; breakDown(): void }> {
  const flag = join(tempDir(), 'works')
  const work = () => writeFileSync(flag, '')
  work()
  const script = 'test -e "$0" || { echo "the disk is gone" >&2; exit 3; }; exec "$@"'
  const bridge = await bridged(['--warm', '0', '--', 'sh', '-c', script, flag, ...fixture('echo')])
  await bridge.until(({ msg }) => msg === 'tool answers')
  return { bridge, work, breakDown: () => rmSync(flag) }
}

/** One client's try to open a session: what refused it. */
async function refusal(bridge: RunningBridge) {
  const client = new StreamableClient(bridge)
  const { error } = await client.initialize()
  return { status: client.lastStatus, retryAfter: client.streams.at(-1)?.headers['retry-after'], error }
}

const readyz = ({ port }: RunningBridge) => send({ port, path: '/readyz' })

test.concurrent('children.crash-loop: shows in readiness and log, is tried again, and recovers without a client', async () => {
  const { bridge, work, breakDown } = await fragile()
  expect((await readyz(bridge)).status).toBe(200)
  breakDown()
  for (let crash = 1; crash <= 3; crash++) {
    const { status, error } = await refusal(bridge)
    expect(status).toBe(502)
    expect(error?.data).toMatchObject({ code: 'child_exited', exitCode: 3, stderr: ['the disk is gone'] })
    // Two may be chance.
    if (crash === 2) expect((await readyz(bridge)).status).toBe(200)
  }
  // Of three the bridge asks the tool itself.
  await eventually(
    async () => {
      expect((await readyz(bridge)).json()).toMatchObject({
        status: 'failing',
        reason: expect.stringContaining('exited with code 3'),
      })
      return true
    },
    { what: 'not to be ready' },
  )
  expect((await readyz(bridge)).status).toBe(503)
  const logged = await bridge.until(({ msg }) => msg === 'the tool crashes again and again')
  expect(logged).toMatchObject({ level: 'error', exitCode: 3, stderr: ['the disk is gone'] })

  const starts = bridge.childPids.length
  await eventually(() => bridge.childPids.length > starts, { what: 'the tool to be tried again' })
  await eventually(
    () => bridge.logs.filter(({ msg }) => msg === 'the tool crashes again and again').length > 1,
    {
      what: 'the loop to be logged again',
    },
  )
  expect((await readyz(bridge)).status).toBe(503)

  work()
  await eventually(async () => (await readyz(bridge)).status === 200, {
    what: 'to be ready',
    withinMs: 40_000,
  })
  expect(textOf(await (await openStreamable(bridge)).call('echo', { text: 'again' }))).toBe('again')
}, 120_000)

test.concurrent('children.crash-loop: starts are held back further each time, then refused with 503 and Retry-After', async () => {
  const { bridge, breakDown } = await fragile()
  breakDown()
  const from = performance.now()
  let crashes = 0
  for (;;) {
    const { status, retryAfter, error } = await refusal(bridge)
    if (status === 502) {
      crashes++
      continue
    }
    expect(status).toBe(503)
    expect(error?.data).toMatchObject({
      code: 'child_backing_off',
      lastError: expect.stringContaining('exited with code 3'),
      hint: expect.stringContaining('see the log for incident'),
    })
    // Who has no name may be anybody.
    expect(error?.data).not.toHaveProperty('stderr')
    expect(Number(retryAfter)).toBeGreaterThan(0)
    break
  }
  // The second crash costs the next client 250 ms, and each doubles it.
  expect(crashes).toBe(6)
  expect(performance.now() - from).toBeGreaterThan((250 + 500 + 1000 + 2000) * 0.95)
  // A refusal starts nothing: the trial, one for each 502, and the bridge's own tries, each of which is logged.
  const tries = () => bridge.logs.filter(({ msg }) => msg === 'the tool crashes again and again')
  await eventually(() => bridge.childPids.length === 1 + crashes + tries().length, {
    what: 'every process to be accounted for',
  })
})

test.concurrent('children.crash-loop: one answered call between two crashes is no loop', async () => {
  const bridge = await bridged(['--warm', '0', '--', ...fixture('crashes-after', '1')])
  for (let crash = 0; crash < 4; crash++) {
    const client = await openStreamable(bridge)
    expect(textOf(await client.call('echo', { text: 'fine' }))).toBe('fine')
    expect((await client.call('echo')).error?.data.code).toBe('child_exited')
  }
  expect((await readyz(bridge)).status).toBe(200)
  expect(bridge.logs.filter(({ level }) => level === 'error')).toEqual([])
})

test.concurrent('children.crash-loop: a command that has vanished is one too, and its return is noticed', async () => {
  const path = join(tempDir(), 'tool')
  const install = () => writeFileSync(path, `#!/bin/sh\nexec ${fixture('echo').join(' ')}\n`, { mode: 0o755 })
  install()
  const bridge = await bridged(['--warm', '0', '--', path])
  await bridge.until(({ msg }) => msg === 'tool answers')
  rmSync(path)
  for (let crash = 1; crash <= 3; crash++) {
    const { status, error } = await refusal(bridge)
    expect([status, error?.data.code]).toEqual([502, 'child_spawn_failed'])
    // Where programs lie is for the operator.
    expect(JSON.stringify(error)).not.toContain(path)
    const { incident } = error?.data ?? {}
    expect((await bridge.until((line) => line['incident'] === incident))['reason']).toContain(path)
  }
  await bridge.until(({ msg }) => msg === 'the tool crashes again and again')
  expect((await readyz(bridge)).json().reason).toContain('the tool cannot be started')
  install()
  await eventually(async () => (await readyz(bridge)).status === 200, {
    what: 'to be ready',
    withinMs: 40_000,
  })
})

test.concurrent('children.crash-loop: a process whose answer comes too late, and that ends then, has worked', async () => {
  const bridge = await bridged(['--warm', '0', '--call-timeout', '100ms', '--', ...fixture('odd-endings')])
  for (let round = 1; round <= 4; round++) {
    const client = await openStreamable(bridge)
    expect((await client.call('late')).error?.data.code).toBe('child_timeout')
    await eventually(() => bridge.logs.filter(({ msg }) => msg === 'child exited').length === round, {
      what: 'the process to end',
    })
  }
  expect(bridge.logs.map(({ msg }) => msg)).not.toContain('processes of one client crash again and again')
})
