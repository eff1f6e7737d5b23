// filters: a tool that a client may not use is not seen and not called, in whatever disguise.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, fixture, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, WIRES, type Client } from '../clients.ts'

nothingLeft()

const MODES = ['session', 'shared', 'pool']
const FOLDS_CASE = [process.execPath, fileURLToPath(new URL('folds-case.ts', import.meta.url))]
const UNKNOWN = (tool: string) => ({
  code: -32602,
  message: `Unknown tool: ${tool}`,
  data: { code: 'tool_unknown' },
})

const as = (name: string) => ({ headers: { 'x-api-key': `of-${name}` } })

/** The pages of the list, as the client gets them. */
async function pagesOf(client: Client): Promise<string[][]> {
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const { result } = await client.request('tools/list', cursor === undefined ? {} : { cursor })
    pages.push(result.tools.map(({ name }: { name: string }) => name))
    cursor = result.nextCursor
  } while (cursor !== undefined)
  return pages
}

test.each(MODES)(
  'filters.read-only: %s: for all, on both wires: only what says it changes nothing',
  async (mode) => {
    const bridge = await bridged(['--children', mode, '--read-only', '--', ...fixture('odd-tools')])
    for (const [, open] of WIRES) {
      const client = await open(bridge)
      // `call` before `list`: what is harmless is asked for when it is needed.
      expect(textOf(await client.call('look'))).toBe('looked')
      for (const tool of ['change', 'crash', 'nosuch', 'extra'])
        expect((await client.call(tool)).error).toEqual(UNKNOWN(tool))
      const pages = await pagesOf(client)
      expect(pages.flat().toSorted()).toEqual(['echo', 'look', 'pid', 'state'])
      expect(pages.length).toBeGreaterThan(1)
      client.close()
    }
  },
)

test.each(MODES)(
  'filters.changed: %s: once the list has changed, lists and calls are judged anew',
  async (mode) => {
    const options = ['--children', mode, '--max-children', '1', '--warm', '0', '--read-only']
    const bridge = await bridged([...options, '--', ...FOLDS_CASE])
    const client = await openSse(bridge)
    const told = () => client.received.length
    let changes = 0
    for (const [may, mayNot] of [
      ['read', 'delete'],
      ['delete', 'read'],
      ['read', 'delete'],
    ] as const) {
      expect(textOf(await client.call(may))).toBe(may)
      expect((await client.call(mayNot)).error).toEqual(UNKNOWN(mayNot))
      expect((await pagesOf(client)).flat()).toEqual([may])
      process.kill(bridge.childPids.at(-1) ?? 0, 'SIGUSR2')
      changes++
      await eventually(() => told() === changes, { what: 'the change to be told' })
    }
  },
)

test.each([
  [
    ['--tools-allow', 'get-*', '--tools-allow', '{echo,pid}'],
    ['echo', 'pid', 'get-time'],
  ],
  [['--tools-allow', '*e*', '--tools-deny', '*[!o]'], ['echo']],
  [['--tools-allow', '?wd'], ['cwd']],
  [['--tools-deny', '*'], []],
  [
    ['--tools-allow', 'get-*,{echo,pid}', '--tools-allow', '!get-*'],
    ['echo', 'pid'],
  ],
  [
    ['--tools-deny', '!echo,!cwd'],
    ['echo', 'cwd'],
  ],
  [['--tools-allow', 'echo, pid', '--tools-deny', 'cwd,echo'], ['pid']],
])('filters.globs: %j', async (options, names) => {
  const bridge = await bridged([...options, '--', ...fixture('odd-tools')])
  const client = await openStreamable(bridge)
  expect((await pagesOf(client)).flat()).toEqual(names)
  for (const tool of ['echo', 'pid', 'cwd', 'crash'])
    expect((await client.call(tool)).error === undefined).toBe(names.includes(tool))
})

test.each(['flag', 'variable', 'list in a file', 'text in a file', 'of a principal'])(
  'filters.commas: a comma separates in a %s as everywhere, and an exception excepts',
  async (source) => {
    const folder = tempDir()
    const write = (text: string) => {
      writeFileSync(join(folder, 'bridge.yaml'), text)
      return ['--config', join(folder, 'bridge.yaml')]
    }
    const globs = 'c*,nosuch,!cwd'
    const options =
      source === 'flag'
        ? ['--tools-deny', globs]
        : source === 'list in a file'
          ? write(`tools-deny: ["${globs}"]`)
          : source === 'text in a file'
            ? write(`tools-deny: "${globs}"`)
            : source === 'of a principal'
              ? write(`clients: { all: { token: of-all, tools-deny: ["${globs}"] } }`)
              : []
    const env = source === 'variable' ? { MCP_BRIDGE_TOOLS_DENY: globs } : {}
    const bridge = await bridged([...options, '--', ...fixture('odd-tools')], { env })
    const client = await openStreamable(bridge, as('all'))
    const names = (await pagesOf(client)).flat()
    expect(names.filter((name) => name.startsWith('c'))).toEqual(['cwd'])
    expect((await client.call('crash')).error).toEqual(UNKNOWN('crash'))
    await bridge.until(({ msg }) => msg === 'no tool is called like this')
    const warned = bridge.logs.filter(({ msg }) => msg === 'no tool is called like this')
    const whose = source === 'of a principal' ? { principal: 'all' } : {}
    expect(warned).toEqual([expect.objectContaining({ option: 'tools-deny', glob: 'nosuch', ...whose })])
  },
)

test('filters.name: what no tool can be called is unknown at once, however long it is', async () => {
  const globs = ['--tools-deny', '*delete*_*all*', '--tools-deny', '*e*', '--tools-deny', '*[!o]']
  const bridge = await bridged([...globs, '--', ...FOLDS_CASE])
  const [client, other] = [await openStreamable(bridge), await openStreamable(bridge)]
  const names = [`${'delete_all'.repeat(100_000)}\n`, 'read\n', 'read\u0000', '\u009bread', 'o'.repeat(257)]
  const answers = Promise.all(names.map((name) => client.call(name, { calls: true })))
  expect((await other.request('ping')).error).toBeUndefined()
  expect((await answers).map(({ error }) => error?.data.code)).toEqual(names.map(() => 'tool_unknown'))
})

test('filters.borders: a dot or a slash in a name is no border for a star', async () => {
  const bridge = await bridged(['--tools-deny', '*delete*', '--tools-deny', '.*', '--', ...FOLDS_CASE])
  const client = await openStreamable(bridge)
  expect((await pagesOf(client)).flat()).toEqual(['read'])
  for (const tool of ['repo/delete', 'repo.delete', '.hidden', 'delete'])
    expect((await client.call(tool)).error).toEqual(UNKNOWN(tool))
  expect(textOf(await client.call('read'))).toBe('read')
})

test('filters.disguise: a call that some tools read differently than the bridge reaches none of them', async () => {
  const bridge = await bridged(['--tools-allow', 'read', '--', ...FOLDS_CASE])
  const client = await openStreamable(bridge)
  const call = { jsonrpc: '2.0', id: 50, method: 'tools/call', params: { name: 'read' } }
  const ping = { ...call, method: 'ping', params: { name: 'delete' } }
  for (const message of [
    { ...call, params: { name: 'read', Name: 'delete' } },
    { ...call, Params: { name: 'delete' } },
    { ...call, 'param\u017F': { name: 'delete' } },
    { ...ping, Method: 'tools/call' },
    { ...ping, METHOD: 'tools/call' },
    '{"jsonrpc":"2.0","id":50,"method":"ping","method":"tools\\/call","params":{"name":"delete"}}',
    '{"jsonrpc":"2.0","id":50,"method":"tools/call","params":{"name":"delete","n\\u0061me":"read"}}',
    '{"jsonrpc":"2.0","id":50,"method":"tools/call","params":{"name":"delete","name":null}}',
    '{"jsonrpc":"2.0","id":50,"method":"tools/call","params":{"name":"delete"},"params":{"name":"read"}}',
    { ...call, params: { name: ['delete'] } },
    { ...call, params: { name: null } },
    { ...call, params: {} },
    { ...call, method: 'tools/call\0', params: { name: 'delete' } },
  ]) {
    const reply = await client.post(message)
    const { id, error } = reply.json()
    expect([message, reply.status, id, error?.data?.code]).toEqual([message, 400, 50, 'request_invalid'])
  }
  expect(JSON.parse(textOf(await client.call('read', { calls: true })) ?? '')).toEqual(['read'])
})

test.each(MODES)('filters.silent: %s: a call without an id is none, and does nothing', async (mode) => {
  const bridge = await bridged(['--children', mode, '--tools-deny', 'crash', '--', ...fixture('odd-tools')])
  const client = await openSse(bridge)
  await client.notify('tools/call', { name: 'crash', arguments: {} })
  expect(textOf(await client.call('echo', { text: 'alive' }))).toBe('alive')
  expect(bridge.logs.filter(({ msg }) => msg === 'child exited')).toEqual([])
})

test('filters.each: of the clients of one shared child each has its own tools, at the same time', async () => {
  const config = join(tempDir(), 'bridge.yaml')
  const clients = `
clients:
  all: { token: of-all }
  some: { token: of-some, tools-allow: ["*e*"], tools-deny: [env, "s*"] }
  none: { token: of-none, tools-deny: "*" }
  reads: { token: of-reads, read-only: true, tools-deny: [pid] }
`
  writeFileSync(config, clients)
  const bridge = await bridged([
    '--children',
    'shared',
    '--tools-deny',
    'echo',
    '--config',
    config,
    '--',
    ...fixture('odd-tools'),
  ])
  const [all, some, none, reads] = [
    await openStreamable(bridge, as('all')),
    await openSse(bridge, as('some')),
    await openStreamable(bridge, as('none')),
    await openSse(bridge, as('reads')),
  ]
  const names = (await pagesOf(all)).flat()
  expect(names).not.toContain('echo')
  expect(names.length).toBeGreaterThan(20)
  const [ofSome, ofNone, ofReads] = await Promise.all(
    [some, none, reads].map(async (each) => (await pagesOf(each)).flat()),
  )
  expect(ofSome).toEqual(
    names.filter((name) => name.includes('e') && name !== 'env' && !name.startsWith('s')),
  )
  expect([ofNone, ofReads]).toEqual([[], ['look', 'state']])
  const pids = [await all.call('pid'), await some.call('change'), await reads.call('look')].map(textOf)
  expect(pids.slice(1)).toEqual(['changed', 'looked'])
  for (const [client, tool] of [
    [all, 'echo'],
    [some, 'env'],
    [none, 'look'],
    [reads, 'pid'],
    [reads, 'change'],
  ] as const)
    expect((await client.call(tool)).error).toEqual(UNKNOWN(tool))
  expect(bridge.childPids).toHaveLength(1)
})
