// files: what stands in the files is put in force when they change, however they are written, and on SIGHUP.
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, ModernClient, send, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeft()

const [program, ...args] = fixture('echo')
const write = (path: string, mcpServers: object) => writeFileSync(path, JSON.stringify({ mcpServers }))
const entry = (who: string) => ({ command: program, args, env: { WHO: who } })

test('files.served: two files together, by a change, by another file in its place, by SIGHUP', async () => {
  const folder = tempDir()
  const [one, two] = [join(folder, 'mcp.json'), join(folder, 'more.json')]
  write(one, { a: entry('1'), kept: entry('kept'), far: { url: 'https://tools.example/mcp' } })
  write(two, { b: entry('2'), lacks: { command: 'x', env: { KEY: '${MISSING_KEY}' } } })
  const bridge = await bridged(['--servers', one, '--servers', two])
  const who = async (name: string) => {
    const client = await openStreamable(bridge, { path: `/${name}/mcp` })
    const said = textOf(await client.call('env', { name: 'WHO' }))
    client.close()
    return said
  }
  expect([await who('a'), await who('b')]).toEqual(['1', '2'])
  for (const text of ['/NAME/mcp', 'kept', 'tools.example', 'MISSING_KEY'])
    expect(bridge.stdout).toContain(text)
  const kept = await openStreamable(bridge, { path: '/kept/mcp' })
  const pid = textOf(await kept.call('pid'))
  const modern = new ModernClient({ port: bridge.port, path: '/kept/mcp' })
  const calls = Array.from({ length: 20 }, (_, i) => modern.call('sleep', { ms: 100 * i }))

  // As most editors do it: another file in the place of the first.
  const beside = join(folder, 'beside')
  write(beside, { a: entry('new'), kept: entry('kept'), c: entry('3') })
  renameSync(beside, one)
  await eventually(async () => (await who('a')) === 'new', { what: 'the changed entry' })
  expect(await who('c')).toBe('3')

  // What cannot be read changes nothing, and says so.
  writeFileSync(one, readFileSync(one, 'utf8').slice(0, 20))
  await bridge.until(({ msg }) => msg === 'configuration not taken over: all goes on as before')
  expect(await who('a')).toBe('new')

  write(one, { kept: entry('kept') })
  process.kill(bridge.pid, 'SIGHUP')
  const gone = async () =>
    (await send({ port: bridge.port, method: 'GET', path: '/a/mcp', headers: {} })).status === 404
  await eventually(gone, { what: 'the end of the removed entry' })
  expect(await who('b')).toBe('2')
  expect(textOf(await kept.call('pid'))).toBe(pid)
  for (const call of calls) expect(textOf(await call)).toBe('slept')
  const said = bridge.logs.filter(({ msg }) => /^server (changed|removed)$/.test(msg))
  expect(said.map(({ server, msg }) => `${String(server)} ${msg}`).toSorted()).toEqual([
    'a server changed',
    'a server removed',
    'c server removed',
  ])
})

test('files.status: each is shown with its state, also what is not served', async () => {
  const folder = tempDir()
  const file = join(folder, 'mcp.json')
  writeFileSync(
    file,
    JSON.stringify({
      mcpServers: {
        a: entry('1'),
        off: { ...entry('x'), disabled: true },
        lacks: { command: 'x', args: ['${MISSING_KEY}'] },
      },
    }),
  )
  const bridge = await bridged(['--servers', file])
  const status = async () =>
    (
      await send({
        port: bridge.port,
        method: 'GET',
        path: '/status',
        headers: { accept: 'application/json' },
      })
    ).json()
  const states = async () =>
    Object.fromEntries(
      (await status()).tools.map(({ name, state }: { name: string; state: string }) => [name, state]),
    )
  expect(await states()).toEqual({ a: 'idle', off: 'off', lacks: 'off' })
  const client = await openStreamable(bridge, { path: '/a/mcp' })
  await eventually(async () => (await states())['a'] === 'ready', {
    what: 'the state of what has been started',
  })
  client.close()
  expect(JSON.stringify(await status())).toContain('MISSING_KEY')
})

test('files.env: the variables of an entry and of a client are read again when their files change', async () => {
  const folder = tempDir()
  const own = join(folder, 'own.env')
  const anns = join(folder, 'ann.env')
  const config = join(folder, 'bridge.json')
  writeFileSync(own, 'WHERE=here\n')
  writeFileSync(anns, 'WHO=ann\n')
  const a = { command: [program, ...args], 'env-file': own }
  writeFileSync(
    config,
    JSON.stringify({ servers: { a }, clients: { ann: { token: 'of-ann', 'env-file': anns } } }),
  )
  const bridge = await bridged(['--config', config])
  const says = async (name: string) => {
    const client = await openStreamable(bridge, {
      path: '/a/mcp',
      headers: { authorization: 'Bearer of-ann' },
    })
    const said = await client.call('env', { name })
    await client.del()
    client.close()
    return textOf(said)
  }
  expect([await says('WHERE'), await says('WHO')]).toEqual(['here', 'ann'])
  writeFileSync(own, 'WHERE=there\n')
  await eventually(async () => (await says('WHERE').catch(() => '')) === 'there', {
    what: 'the file of the entry',
  })
  writeFileSync(anns, 'WHO=ann again\n')
  await eventually(async () => (await says('WHO').catch(() => '')) === 'ann again', {
    what: 'the file of the client',
  })
})

test('files.mounted: a ConfigMap whose link is turned, and a file that goes and comes back', async () => {
  const mount = tempDir()
  const put = (name: string, mcpServers: object) => {
    mkdirSync(join(mount, name))
    write(join(mount, name, 'mcp.json'), mcpServers)
    symlinkSync(name, join(mount, '..data_tmp'))
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
  }
  put('..2026_1', { a: entry('1'), kept: entry('kept') })
  symlinkSync(join('..data', 'mcp.json'), join(mount, 'mcp.json'))
  const bridge = await bridged(['--servers', join(mount, 'mcp.json')])
  const who = async () => {
    const client = await openStreamable(bridge, { path: '/a/mcp' })
    const said = textOf(await client.call('env', { name: 'WHO' }))
    client.close()
    return said
  }
  const kept = await openStreamable(bridge, { path: '/kept/mcp' })
  const pid = textOf(await kept.call('pid'))
  expect(await who()).toBe('1')
  put('..2026_2', { a: entry('2'), kept: entry('kept') })
  rmSync(join(mount, '..2026_1'), { recursive: true })
  await eventually(async () => (await who()) === '2', { what: 'what the link leads to now' })
  renameSync(join(mount, '..data'), join(mount, '..gone'))
  await bridge.until(({ msg }) => msg === 'configuration not taken over: all goes on as before')
  expect(await who()).toBe('2')
  put('..2026_3', { a: entry('3'), kept: entry('kept') })
  await eventually(async () => (await who()) === '3', { what: 'the file that came back' })
  expect(textOf(await kept.call('pid'))).toBe(pid)
})
