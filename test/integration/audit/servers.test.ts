// servers: whose server and whose replica it was, and what the operator has changed meanwhile.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, send, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { openStreamable } from '../clients.ts'
import { at, replicas } from '../replicas/replicas.ts'
import { auditFile, linesOf, textOf, untilLines } from './lines.ts'

nothingLeft()

const [program = '', ...args] = fixture('echo')

test('audit.servers: each line says which server it is of; a reload and new tokens have lines', async () => {
  const file = auditFile()
  const servers = join(tempDir(), 'servers.json')
  const tokens = join(tempDir(), 'tokens')
  const write = (names: readonly string[], env = {}) =>
    writeFileSync(
      servers,
      JSON.stringify({
        mcpServers: Object.fromEntries(names.map((name) => [name, { command: program, args, env }])),
      }),
    )
  write(['notes', 'files'])
  writeFileSync(tokens, 'ann:secret-of-ann\n')
  const options = ['--audit', file, '--servers', servers, '--token-file', tokens]
  const bridge = await bridged(options)
  const call = async (name: string, token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    await (await openStreamable(bridge, { headers, path: `/${name}/mcp` })).call('echo', {})
  }
  await call('notes', 'secret-of-ann')
  await call('files', 'secret-of-ann')
  expect((await untilLines(file, 'call', 2)).map(({ server }) => server)).toEqual(['notes', 'files'])
  write(['notes', 'mail'], { KEY: 'secret-of-a-variable' })
  const [change] = await untilLines(file, 'configuration.changed', 1)
  expect(change).toMatchObject({
    servers: { added: ['mail'], changed: ['notes'], removed: ['files'] },
    clients: { added: [], changed: [], removed: [] },
  })
  writeFileSync(tokens, 'ann:other-secret-of-ann\nben:secret-of-ben\n')
  const [, people] = await untilLines(file, 'configuration.changed', 2)
  expect(people).toMatchObject({ clients: { added: ['ben'], changed: ['ann'], removed: [] } })
  await call('mail', 'secret-of-ben')
  writeFileSync(servers, '{')
  expect(await untilLines(file, 'configuration.refused', 1)).toMatchObject([{ code: 'config_invalid' }])
  await send({ port: bridge.port, path: '/mail/mcp' })
  await bridge.stop()
  const text = textOf(file)
  expect(text).not.toContain('secret')
  const lines = linesOf(text)
  expect(
    lines.filter(({ event }) => event === 'call').map(({ principal, server }) => [principal, server]),
  ).toEqual([
    ['ann', 'notes'],
    ['ann', 'files'],
    ['ben', 'mail'],
  ])
  expect(lines.filter(({ event }) => event === 'refused')).toMatchObject([
    { code: 'unauthorized', httpMethod: 'GET', path: '/mail/mcp', address: '127.0.0.1' },
  ])
  for (const event of ['session', 'child']) {
    const of = lines.filter((line) => line.event.startsWith(`${event}.`))
    expect(new Set(of.map(({ server }) => server))).toEqual(new Set(['notes', 'files', 'mail']))
  }
})

test('audit.life: each session and each process that has begun has ended', async () => {
  const file = auditFile()
  const bridge = await embedded({ command: fixture('echo'), audit: file, warm: 0 })
  const client = await openStreamable(bridge)
  const [opened] = await untilLines(file, 'session.opened', 1)
  expect(opened).toMatchObject({ client: 'testkit', sessionId: client.sessionId?.slice(0, 8) })
  const crash = client.call('crash').catch(() => {})
  const [closed] = await untilLines(file, 'session.closed', 1)
  await crash
  expect(closed).toMatchObject({ reason: 'child_exited', childPid: opened?.['childPid'] })
  await bridge.close()
  const lines = linesOf(textOf(file))
  const pids = (...events: string[]) =>
    lines.filter(({ event }) => events.includes(event)).map(({ childPid }) => String(childPid))
  expect(pids('child.stopped', 'child.exited').toSorted()).toEqual(pids('child.started').toSorted())
  expect(pids('child.exited')).toEqual([String(opened?.['childPid'])])
})

test('audit.replicas: the line is written where the call is carried out, and once', async () => {
  const files = [auditFile(), auditFile()]
  const own = Object.fromEntries(files.map((file, i) => [`r${i + 1}`, ['--audit', file]]))
  const { all, ports } = await replicas({ own })
  const client = await openStreamable({ port: ports[0] ?? 0 })
  await client.call('echo', { text: 'here' })
  await at(ports[1] ?? 0, client).call('echo', { text: 'over a hop' })
  await Promise.all(all.map((bridge) => bridge.stop()))
  const counts = files.map((file) => linesOf(textOf(file)).filter(({ event }) => event === 'call').length)
  expect(counts).toEqual([2, 0])
})

test('audit.refused: a place that nothing can be written to ends the start, and says what to do', async () => {
  await expect(
    embedded({ command: fixture('echo'), audit: join(tempDir(), 'no/such/folder/a') }),
  ).rejects.toMatchObject({
    code: 'config_invalid',
    hint: expect.stringContaining('folder'),
  })
})
