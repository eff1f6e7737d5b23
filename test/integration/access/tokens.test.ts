// tokens: who somebody is says one token, in one place; what is theirs nobody else gets.
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, runBridge, send, StreamableClient, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, type Client } from '../clients.ts'

nothingLeft()

/** A folder with these files. */
function files(contents: Readonly<Record<string, string>>): string {
  const folder = tempDir()
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text)
  return folder
}

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const envOf = async (client: Client, name: string) => textOf(await client.call('env', { name }))

test.each(['session', 'shared', 'pool'])(
  'tokens.where: %s: in the config file, in the token file or alone, each is its own principal',
  async (mode) => {
    const folder = files({
      'bridge.yaml': 'clients:\n  ann: { token: of-ann, env: { WHO: ann } }\n  bob: { env: { WHO: bob } }\n',
      tokens: 'bob:of-bob\neve:of-eve\n',
    })
    const options = ['--children', mode, '--token', 'of-anybody', '--env', 'WHO=nobody', '--env', 'ALL=same']
    const args = [...options, '--token-file', join(folder, 'tokens'), '--config', join(folder, 'bridge.yaml')]
    const bridge = await bridged([...args, '--', ...fixture('echo')])
    const principals = { 'of-ann': 'ann', 'of-bob': 'bob', 'of-eve': 'nobody', 'of-anybody': 'nobody' }
    const pids = new Map<string, string | undefined>()
    for (const [token, who] of Object.entries(principals)) {
      for (const open of [openStreamable, openSse]) {
        const client = await open(bridge, as(token))
        expect([token, await envOf(client, 'WHO'), await envOf(client, 'ALL')]).toEqual([token, who, 'same'])
        pids.set(token, textOf(await client.call('pid')))
        if (client instanceof StreamableClient) await client.del()
        client.close()
      }
    }
    expect(new Set([pids.get('of-ann'), pids.get('of-bob'), pids.get('of-eve')]).size).toBe(3)
    const opened = () =>
      bridge.logs.filter(({ msg }) => msg === 'session opened').map(({ principal }) => principal)
    // The log is written when there is time for it.
    await eventually(() => opened().length === 8, { what: 'all sessions in the log' })
    expect(opened()).toEqual(['ann', 'ann', 'bob', 'bob', 'eve', 'eve', 'default', 'default'])
    expect(bridge.stdout).toContain('with a token')
  },
)

test('tokens.refused: none, a wrong one, and the session of somebody else', async () => {
  const folder = files({ 'bridge.yaml': 'clients:\n  ann: { token: of-ann }\n  bob: { token: of-bob }\n' })
  const bridge = await bridged([
    '--children',
    'shared',
    '--config',
    join(folder, 'bridge.yaml'),
    '--',
    ...fixture('echo'),
  ])
  for (const headers of [{}, { authorization: 'Bearer of-an' }, { 'x-api-key': 'ann' }]) {
    const reply = await send({ port: bridge.port, path: '/mcp', method: 'POST', headers, body: '{}' })
    expect(reply.status).toBe(401)
  }
  const ann = await openStreamable(bridge, as('of-ann'))
  const thief = new StreamableClient({ port: bridge.port, headers: as('of-bob').headers })
  thief.sessionId = ann.sessionId
  thief.protocolVersion = ann.protocolVersion
  expect((await thief.call('echo', { text: 'mine?' })).error?.data.code).toBe('session_unknown')
  expect(thief.lastStatus).toBe(404)
  expect((await thief.del()).status).toBe(404)
  expect(textOf(await ann.call('echo', { text: 'mine' }))).toBe('mine')
})

test('tokens.banner: whoever starts it sees that a token is needed, and where it goes', async () => {
  const folder = files({ 'bridge.yaml': 'clients:\n  ann: { token: of-ann }\n' })
  const bridge = await bridged(['--config', join(folder, 'bridge.yaml'), '--', ...fixture('echo')])
  await openStreamable(bridge, as('of-ann'))
  expect(bridge.stdout).toMatch(/access +with a token/)
  expect(bridge.stdout).toContain('"Authorization": "Bearer <token>"')
  expect(bridge.stdout + bridge.stderr).not.toContain('of-ann')
})

test.each([
  ['--token', ['--token', 'same'], {}, /ann/],
  ['the token file', ['--token-file', 'tokens'], { tokens: 'bob:same\n' }, /bob and ann have the same token/],
])('tokens.twice: a token that %s gives to somebody else is refused', async (_, options, more, problem) => {
  const folder = files({ 'bridge.yaml': 'clients:\n  ann: { token: same }\n', ...more })
  const { code, stderr } = await runBridge(['--config', 'bridge.yaml', ...options, '--', 'true'], {
    cwd: folder,
  })
  expect([code, problem.test(stderr)]).toEqual([2, true])
  expect(stderr).not.toMatch(/token: same|:same/)
})

test('tokens.missing: a client without a token is refused, unless the token file has it', async () => {
  const folder = files({ 'bridge.yaml': 'clients:\n  ann: { env: { A: b } }\n', tokens: 'bob:of-bob\n' })
  const args = ['--config', 'bridge.yaml', '--token-file', 'tokens', '--', 'true']
  const { code, stderr } = await runBridge(args, { cwd: folder })
  expect([code, /ann: has no token/.test(stderr)]).toEqual([2, true])
  appendFileSync(join(folder, 'tokens'), 'ann:of-ann\n')
  const bridge = await bridged([...args.slice(0, 4), '--', ...fixture('echo')], { cwd: folder })
  expect(await envOf(await openSse(bridge, as('of-ann')), 'A')).toBe('b')
})

test('tokens.env: env wins over env_file, later files over earlier ones, the principal over the bridge and over headers', async () => {
  const folder = files({
    'bridge.yaml':
      'clients:\n  ann: { token: of-ann, env: { A: env }, env_file: [one.env, two.env] }\nenv: { A: bridge, B: bridge, D: bridge }\n',
    'one.env': 'A=one\nB=one\nC=one\n',
    'two.env': 'A=two\nC=two\n',
  })
  const options = ['--header-env', 'X-A=A', '--header-env', 'X-E=E']
  const bridge = await bridged([
    '--config',
    join(folder, 'bridge.yaml'),
    ...options,
    '--',
    ...fixture('echo'),
  ])
  const headers = { ...as('of-ann').headers, 'x-a': 'header', 'x-e': 'header' }
  const ann = await openStreamable(bridge, { headers })
  const values = await Promise.all([...'ABCDE'].map((name) => envOf(ann, name)))
  expect(values).toEqual(['env', 'one', 'two', 'bridge', 'header'])
})

test('tokens.print: --print-config names the principals and shows no token', async () => {
  const folder = files({
    'bridge.yaml': 'clients:\n  ann: { token: s3cret-of-ann, env: { KEY: s3cret-key } }\n',
  })
  const { code, stdout } = await runBridge([
    '--config',
    join(folder, 'bridge.yaml'),
    '--print-config',
    '--',
    'true',
  ])
  expect([code, stdout.includes('ann'), stdout.includes('s3cret')]).toEqual([0, true, false])
})

test('tokens.withdrawn: a principal whose line leaves the token file is out, whatever else the config says of it', async () => {
  const folder = files({
    'bridge.yaml': 'clients:\n  bob: { env: { WHO: bob } }\n',
    tokens: 'bob:of-bob\neve:of-eve\n',
  })
  const tokenFile = join(folder, 'tokens')
  const args = ['--token-file', tokenFile, '--config', join(folder, 'bridge.yaml')]
  const bridge = await bridged([...args, '--', ...fixture('echo')])
  const bob = await openStreamable(bridge, as('of-bob'))
  writeFileSync(tokenFile, 'eve:of-eve\n')
  process.kill(bridge.pid, 'SIGHUP')
  await bridge.until(({ msg }) => msg === 'tokens read again')
  await expect(bob.call('pid')).rejects.toMatchObject({ status: 401 })
  const eve = await openStreamable(bridge, as('of-eve'))
  expect((await eve.call('pid')).error).toBeUndefined()
})
