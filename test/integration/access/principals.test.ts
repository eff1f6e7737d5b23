// principals: each has the tools and the environment that its name gives it, in lists and in calls.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, runBridge, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, type Client } from '../clients.ts'

nothingLeft()

const PRINCIPALS = `
clients:
  ann: { token: token-of-ann, env: { WHO: ann }, tools-allow: [env, echo, "get-*"] }
  bob: { token: token-of-bob, env_file: bob.env, read_only: true }
  eve: { token: token-of-eve, toolsDeny: ["*rash", killSelf] }
`

function configFile(text: string): string {
  const folder = tempDir()
  writeFileSync(join(folder, 'bob.env'), 'WHO=bob from a file\n')
  writeFileSync(join(folder, 'bridge.yaml'), text)
  return join(folder, 'bridge.yaml')
}

const as = (name: string) => ({ headers: { authorization: `Bearer token-of-${name}` } })

async function namesOf(client: Client): Promise<string[]> {
  const names: string[] = []
  let cursor: string | undefined
  do {
    const { result } = await client.request('tools/list', cursor === undefined ? {} : { cursor })
    names.push(...result.tools.map(({ name }: { name: string }) => name))
    cursor = result.nextCursor
  } while (cursor !== undefined)
  return names
}

const refused = async (client: Client, tool: string) => (await client.call(tool)).error

test.each(['session', 'shared', 'pool'])(
  'principals.%s: environment and tools are those of the name',
  async (mode) => {
    const bridge = await bridged([
      '--children',
      mode,
      '--config',
      configFile(PRINCIPALS),
      '--',
      ...fixture('odd-tools'),
    ])
    const [ann, bob, eve] = [
      await openStreamable(bridge, as('ann')),
      await openSse(bridge, as('bob')),
      await openStreamable(bridge, as('eve')),
    ]
    expect(await namesOf(ann)).toEqual(['echo', 'env', 'get-time'])
    expect((await namesOf(bob)).toSorted()).toEqual(['echo', 'look', 'pid', 'state'])
    const all = await namesOf(eve)
    expect(all).toContain('sleep')
    expect(all).not.toContain('crash')

    expect(textOf(await ann.call('env', { name: 'WHO' }))).toBe('ann')
    expect(textOf(await ann.call('get-time'))).toMatch(/^\d{4}-/)
    expect((await eve.call('env', { name: 'WHO' })).result.content).toEqual([])
    expect(textOf(await bob.call('look'))).toBe('looked')
    for (const [client, tool] of [
      [ann, 'pid'],
      [bob, 'change'],
      [bob, 'env'],
      [eve, 'crash'],
      [eve, 'killSelf'],
    ] as const)
      expect(await refused(client, tool)).toMatchObject({ code: -32602, message: `Unknown tool: ${tool}` })
  },
)

test('principals.pool: nobody gets a process that another has used, also where they bring the same', async () => {
  const text = 'clients:\n  ann: { token: token-of-ann }\n  eve: { token: token-of-eve }\n'
  const bridge = await bridged([
    '--children',
    'pool',
    '--config',
    configFile(text),
    '--',
    ...fixture('odd-tools'),
  ])
  const [ann, eve, again] = [
    await openStreamable(bridge, as('ann')),
    await openSse(bridge, as('eve')),
    await openSse(bridge, as('ann')),
  ]
  const pids = [await ann.call('pid'), await eve.call('pid'), await again.call('pid')].map(textOf)
  expect(pids[0]).not.toBe(pids[1])
  expect(pids[2]).toBe(pids[0])
})

test('principals.environment: an env_file is found from the folder of the config file', async () => {
  const text = 'clients:\n  bob: { token: token-of-bob, env_file: bob.env }\n'
  const bridge = await bridged(['--config', configFile(text), '--', ...fixture('echo')])
  const bob = await openStreamable(bridge, as('bob'))
  expect(textOf(await bob.call('env', { name: 'WHO' }))).toBe('bob from a file')
})

test('principals.filter: the filter of the bridge and that of the client both hold', async () => {
  const config = configFile('clients:\n  ann: { token: token-of-ann, tools-allow: [echo, pid] }\n')
  const bridge = await bridged(['--config', config, '--tools-deny', 'pid', '--', ...fixture('odd-tools')])
  const ann = await openStreamable(bridge, as('ann'))
  expect(await namesOf(ann)).toEqual(['echo'])
  expect((await refused(ann, 'pid'))?.code).toBe(-32602)
})

test('principals.tools: a tool that comes later is judged by the new list', async () => {
  const config = configFile(
    'clients:\n  ann: { token: token-of-ann, read-only: true }\n  eve: { token: token-of-eve }\n',
  )
  const bridge = await bridged(['--children', 'shared', '--config', config, '--', ...fixture('odd-tools')])
  const [ann, eve] = [await openSse(bridge, as('ann')), await openStreamable(bridge, as('eve'))]
  expect(textOf(await ann.call('look'))).toBe('looked')
  expect((await refused(ann, 'extra'))?.code).toBe(-32602)
  expect(textOf(await eve.call('toggleExtra'))).toBe('true')
  await ann.until('notifications/tools/list_changed')
  expect(textOf(await ann.call('extra'))).toBe('extra')
  expect(await namesOf(ann)).toContain('extra')
})

test.each([
  ['clients:\n  a: { token: x }\n  b: { token: x }\n', /b and a have the same token/],
  ['clients:\n  a: { env: { A: b } }\n', /a: has no token/],
  ['clients:\n  a: { token: x, tols-allow: [y] }\n', /clients/],
  ['clients:\n  "a b": { token: x }\n', /a name has letters/],
])('principals.config: %j is refused with what is wrong', async (text, problem) => {
  const { code, stderr } = await runBridge(['--config', configFile(text), '--', 'true'])
  expect(code).toBe(2)
  expect(stderr).toMatch(problem)
})
