// writing: lines survive what happens to their file, and what happens to them shows.
import { copyFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, ModernClient, send, startBridge, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { openStreamable } from '../clients.ts'
import { auditFile, linesOf, textOf, untilLines } from './lines.ts'

nothingLeft()

const command = fixture('echo')

async function readiness(
  port: number,
): Promise<{ status: number; body: { status: string; reason?: string } }> {
  const { status, body } = await send({ port, path: '/readyz' })
  return { status, body: JSON.parse(body) as { status: string; reason?: string } }
}

async function metricsOf(port: number): Promise<Record<string, number>> {
  const { body } = await send({ port, path: '/metrics' })
  return Object.fromEntries(
    [...body.matchAll(/^mcp_bridge_audit_(\w+) (\d+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  )
}

/** A place that is a full disk first, and a file after `give`. */
function fullDisk(): { link: string; file: string; give(): void } {
  const [link, file] = [auditFile(), auditFile()]
  symlinkSync('/dev/full', link)
  return {
    link,
    file,
    give: () => {
      symlinkSync(file, `${link}.new`)
      renameSync(`${link}.new`, link)
    },
  }
}

test('audit.rotation: moved and SIGHUP, moved alone, and copied and cut: each line is in one of the files, whole', async () => {
  const file = auditFile()
  const bridge = await bridged(['--audit', file, '--children', 'shared', '--', ...command])
  const client = await openStreamable(bridge)
  const rotating = new AbortController()
  let made = 0
  const calling = (async () => {
    while (!rotating.signal.aborted) {
      await client.call('echo', { text: 'x' })
      made++
    }
  })()
  await untilLines(file, 'call', 20)
  renameSync(file, `${file}.1`)
  process.kill(bridge.pid, 'SIGHUP')
  await untilLines(file, 'call', 20)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  renameSync(file, `${file}.2`)
  await untilLines(file, 'call', 20)
  rotating.abort()
  await calling
  await eventually(() => [1, 2].reduce((sum, n) => sum + callsIn(`${file}.${n}`), callsIn(file)) === made, {
    what: 'all calls to be told',
  })
  // What is written between copying and cutting is lost, as logrotate says.
  const before = callsIn(file)
  copyFileSync(file, `${file}.3`)
  truncateSync(file)
  await client.call('echo', { text: 'x' })
  await bridge.stop()
  expect(callsIn(`${file}.3`)).toBe(before)
  expect(textOf(file)).not.toContain('\0')
  expect(callsIn(file)).toBe(1)
})

function callsIn(file: string): number {
  return linesOf(textOf(file)).filter(({ event }) => event === 'call').length
}

test('audit.full: a full disk stops no call, shows in readiness and metrics, and nothing is lost once there is room', async () => {
  const { link, file, give } = fullDisk()
  const bridge = await embedded({ command, audit: link, metrics: true })
  const client = await openStreamable(bridge)
  for (let i = 0; i < 5; i++) expect((await client.call('echo', {})).error).toBeUndefined()
  await bridge.until(({ msg }) => msg === 'audit lines cannot be written')
  expect(await readiness(bridge.port)).toEqual({
    status: 200,
    body: { status: 'degraded', reason: 'audit lines cannot be written (ENOSPC)' },
  })
  expect(await metricsOf(bridge.port)).toMatchObject({ lines_total: 0, dropped_lines_total: 0, ready: 0 })
  give()
  expect(await untilLines(file, 'call', 5)).toHaveLength(5)
  await eventually(async () => (await readiness(bridge.port)).body.status === 'ready', { what: 'readiness' })
  expect(await metricsOf(bridge.port)).toMatchObject({ waiting_lines: 0, ready: 1 })
})

test('audit.required: what cannot be recorded is neither carried out nor answered; without --audit-required it is', async () => {
  const { link, file, give } = fullDisk()
  const record = join(tempDir(), 'record')
  const bridge = await embedded({
    command: fixture('records-calls', record),
    audit: link,
    auditRequired: true,
  })
  const client = await openStreamable(bridge)
  const modern = new ModernClient(bridge)
  for (const call of [client.call('echo', {}), modern.call('echo', {})])
    expect((await call).error).toMatchObject({ code: -32603, data: { code: 'audit_unavailable' } })
  expect(textOf(record)).not.toContain('tools/call')
  expect(await readiness(bridge.port)).toMatchObject({ status: 503, body: { status: 'failing' } })
  give()
  await eventually(async () => (await readiness(bridge.port)).status === 200, { what: 'readiness' })
  for (const call of [client.call('echo', {}), modern.call('echo', {})]) {
    expect((await call).error).toBeUndefined()
  }
  const outcomes = linesOf(textOf(file)).flatMap(({ event, outcome }) => (event === 'call' ? [outcome] : []))
  expect(outcomes).toEqual(['audit_unavailable', 'audit_unavailable', 'ok', 'ok'])
})

test('audit.required: the line is in the file before the answer is with the client, and outlives SIGKILL', async () => {
  const file = auditFile()
  const bridge = await startBridge(['--audit', file, '--audit-required', '--', ...command])
  const client = await openStreamable(bridge)
  for (let i = 1; i <= 50; i++) {
    await client.call('echo', {})
    expect(callsIn(file)).toBe(i)
  }
  await bridge.stop('SIGKILL')
  expect(callsIn(file)).toBe(50)
})

test('audit.required: the answer of a call during which the disk fills up is withheld', async () => {
  const file = auditFile()
  const link = auditFile()
  writeFileSync(file, '')
  symlinkSync(file, link)
  const bridge = await embedded({ command, audit: link, auditRequired: true })
  const client = await openStreamable(bridge)
  const call = client.call('sleep', { ms: 1500 })
  rmSync(link)
  symlinkSync('/dev/full', link)
  expect((await call).error?.data).toMatchObject({ code: 'audit_unavailable' })
})
