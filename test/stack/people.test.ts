// Two people, each with what their own tokens allow; a key of LiteLLM without them gets the least, and all that goes again.
import { eventually } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launch } from '../e2e/command.ts'
import { added, names, type Person } from './person.ts'
import { PATIENCE_MS, place, read, sh, tried } from './stack.ts'

const LEAST = ['time-convert_time', 'time-get_current_time']
const GRAPH = { entities: [{ name: 'stack', entityType: 'test', observations: ['written by a person'] }] }

let alice: Person
let bob: Person

beforeAll(async () => {
  alice = await added('alice')
  bob = await added('bob', '--tools', 'memory:read_*,memory:delete_*,time')
})

afterAll(async () => {
  for (const name of ['alice', 'bob', 'dora']) await tried(['./add-user', '--remove', name])
})

test('the settings are those of the LAN', async () => {
  expect(Object.keys(alice.headers).toSorted()).toEqual([
    'x-mcp-db-authorization',
    'x-mcp-fetch-authorization',
    'x-mcp-filesystem-authorization',
    'x-mcp-memory-authorization',
    'x-mcp-time-authorization',
  ])
  expect(Object.keys(bob.headers).toSorted()).toEqual([
    'x-mcp-memory-authorization',
    'x-mcp-time-authorization',
  ])
})

describe('over /mcp/', () => {
  test('alice may all of memory, bob what his token allows, a key alone the least', async () => {
    const [all, some, least] = await Promise.all([names(alice), names(bob), names({ ...alice, headers: {} })])
    expect(all).toContain('create_entities')
    expect(some.every((name) => /^(read|delete)_/.test(name))).toBe(true)
    expect(some).toContain('delete_entities')
    expect(least).toEqual(['open_nodes', 'read_graph', 'search_nodes'])
  })

  test('and so it is for calls', async () => {
    expect(await write({ ...alice, headers: {} })).toContain('Unknown tool')
    expect(await write(bob)).toContain('Unknown tool')
    expect(await write(alice)).toContain('written by a person')
    expect(await bob.gateway.call('memory-read_graph', {}, bob.headers)).toContain('written by a person')
    const gone = { entityNames: ['stack'] }
    expect(await bob.gateway.call('memory-delete_entities', gone, bob.headers)).toMatch(/deleted/i)
  })

  test("another's token is worth as much as another's", async () => {
    const stolen = { ...alice, headers: bob.headers }
    expect(await names(stolen)).toEqual(await names(bob))
    const wrong = { ...alice, headers: { 'x-mcp-memory-authorization': '0'.repeat(64) } }
    expect(await names(wrong)).toEqual([])
  })
})

test('over REST everybody is LiteLLM, whatever they send', async () => {
  expect(await alice.gateway.restCall('memory-create_entities', GRAPH)).toContain('Unknown tool')
  const listed = await alice.gateway.restTools()
  expect(listed.filter((name) => name.startsWith('time-'))).toEqual(LEAST)
})

test('who is in, with what, since when', async () => {
  const listed = await sh(['./add-user', '--list'])
  expect(listed).toMatch(/^alice +all: fetch,filesystem,memory,db,time +\d{4}-\d\d-\d\d$/m)
  expect(listed).toMatch(/^bob +memory:read_\*,memory:delete_\*,time +\d{4}-/m)
})

test('further in: a token for what is new, and the rest stays', async () => {
  expect(await sh(['./add-user', 'alice'])).toContain('alice has all of that already')
  const more = await sh(['./add-user', 'bob', '--tools', 'memory:search_nodes,filesystem'])
  const [, token = ''] = /^x-mcp-filesystem-authorization: (\w+)$/m.exec(more) ?? []
  expect(more).not.toContain('x-mcp-memory')
  bob = { ...bob, headers: { ...bob.headers, 'x-mcp-filesystem-authorization': token } }
  await eventually(async () => (await bob.gateway.tools(bob.headers)).includes('filesystem-write_file'), {
    what: 'the new token of bob to be known',
    withinMs: PATIENCE_MS,
  })
  expect(await names(bob)).toContain('search_nodes')
  expect((await names(bob)).every((name) => /^(read|delete|search)_/.test(name))).toBe(true)
})

test('one that is interrupted is not in', async () => {
  const before = read('people/memory/bridge.yaml')
  const words = ['./add-user', 'dora', '--tools', 'memory:read_*']
  const { started } = await launch(words, { cwd: place.folder, env: place.env })
  await eventually(() => read('people/memory/tokens').includes('dora:'), {
    what: 'the token to be there',
    withinMs: PATIENCE_MS,
  })
  process.kill(-started.pid, 'SIGINT')
  expect(await started.exited).toMatchObject({ code: 130 })
  expect(read('people/memory/tokens')).not.toContain('dora:')
  expect(read('people/memory/bridge.yaml')).toBe(before)
  expect(await sh(['./add-user', '--list'])).not.toContain('dora')
})

test('settings shown again are new ones, and the old ones end', async () => {
  const old = bob
  bob = await added('--show', 'bob')
  expect(bob.headers).not.toEqual(old.headers)
  expect(Object.keys(bob.headers)).toHaveLength(3)
  expect((await old.gateway.rpc('tools/list')).status).toBeGreaterThanOrEqual(400)
  await eventually(async () => (await names({ ...bob, headers: old.headers })).length === 0, {
    what: 'the old tokens to be withdrawn',
    withinMs: PATIENCE_MS,
  })
  expect(await names(bob)).toContain('delete_entities')
  expect(await names(bob)).not.toContain('create_entities')
})

test('a name that is taken, one that is none, a tool that is not there: refused, and nothing changes', async () => {
  const before = read('people/memory/tokens')
  for (const [args, message] of [
    [['bob'], 'bob is here already: filesystem,memory:read_*,memory:delete_*,memory:search_nodes,time'],
    [['--show', 'nobody'], 'nobody here is called nobody'],
    [['alice', '--models', 'default'], 'a key keeps its models'],
    [['gateway'], 'is no person'],
    [['two words'], 'is no name'],
    [['carol', '--tools', 'nothing'], 'there is no tool "nothing"'],
  ] as const) {
    const { code, stderr } = await tried(['./add-user', ...args])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
  }
  expect(read('people/memory/tokens')).toBe(before)
})

test('removed: the key opens nothing, the tokens are worth nothing, others keep theirs', async () => {
  expect(await sh(['./add-user', '--remove', 'bob'])).toContain('bob is out')
  expect((await bob.gateway.rpc('tools/list')).status).toBeGreaterThanOrEqual(400)
  const stolen = { ...alice, headers: bob.headers }
  await eventually(async () => (await names(stolen)).length === 0, {
    what: "bob's token to be withdrawn",
    withinMs: PATIENCE_MS,
  })
  await eventually(async () => (await names(alice)).includes('create_entities'), {
    what: 'alice to have hers',
    withinMs: PATIENCE_MS,
  })
  const { code, stdout } = await tried(['./add-user', '--remove', 'bob'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'Nobody here is called bob.\n' })
})

function write({ gateway, headers }: Person): Promise<string> {
  return gateway.call('memory-create_entities', GRAPH, headers)
}
