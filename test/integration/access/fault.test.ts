// fault: what one principal’s credential or crashes do to the others: nothing. What is told of a failure, and to whom.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBridge } from 'mcp-bridge'
import {
  eventually,
  fixture,
  isAlive,
  send,
  StreamableClient,
  tempDir,
  type Headers,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { logsOf, openSse, openStreamable, textOf } from '../clients.ts'
import { gatedBy } from '../gate.ts'

nothingLeft()

const BAD = 'expired-key-of-alice'
/** Ends at its start, and says why, with a credential that is no good. */
const PICKY = [
  'sh',
  '-c',
  `test "$KEY" = ${BAD} && { echo "401 for $KEY of $OWNER" >&2; exit 1; }; exec "$@"`,
  'sh',
  ...fixture('echo'),
]
const PRINCIPALS = {
  alice: { token: 'of-alice', env: { KEY: BAD, OWNER: 'alice@example.org' } },
  bob: { token: 'of-bob', env: { KEY: 'good', OWNER: 'bob@example.org' } },
  carol: { token: 'of-carol' },
}

function configured(config: object): string[] {
  const file = join(tempDir(), 'bridge.json')
  writeFileSync(file, JSON.stringify(config))
  return ['--config', file]
}

const bearer = (name: string): Headers => ({ authorization: `Bearer of-${name}` })
const readyz = async ({ port }: { port: number }) => (await send({ port, path: '/readyz' })).status

async function initialize(bridge: { port: number }, headers: Headers = {}) {
  const client = new StreamableClient({ port: bridge.port, headers })
  const { error } = await client.initialize()
  return { status: client.lastStatus, data: error?.data, text: JSON.stringify(error) }
}

/** What the log has for an incident. */
async function incidentOf(bridge: RunningBridge, data: any) {
  expect(data.incident).toMatch(/^[0-9a-f]{8}$/)
  return bridge.until(({ incident, msg }) => incident === data.incident && msg.startsWith('a child failed'))
}

/** By mode: whether alice is told stderr with her first failure, and when she is held back: where the process was hers. */
test.each([
  ['session', 'clients', [true, true]],
  ['shared', 'clients', [false, false]],
  ['pool', 'clients', [true, true]],
  // Whoever sends the same header may be somebody else.
  ['session', 'header-env', [true, false]],
])(
  'fault.credential: --children %s: a bad one of one principal, from %s, holds back and informs nobody else',
  async (children, how, isTold) => {
    const args = how === 'clients' ? configured({ clients: PRINCIPALS }) : ['--header-env', 'X-Key=KEY']
    const as = (name: string): Headers =>
      how === 'clients' ? bearer(name) : { 'x-key': name === 'alice' ? BAD : name }
    const bridge = await bridged(['--children', children, ...args, '--', ...PICKY])
    await bridge.until(({ msg }) => msg === 'tool answers')
    const refusals: Awaited<ReturnType<typeof initialize>>[] = []
    while (!refusals.some(({ data }) => data.code === 'child_backing_off')) {
      const refused = await initialize(bridge, as('alice'))
      expect(refused.data.code).toMatch(/child_exited|child_backing_off/)
      // Nobody is told her key, not even she: it is the operator's.
      expect(refused.text).not.toMatch(new RegExp(`${BAD}|example.org`))
      refusals.push(refused)
      expect((await initialize(bridge, as('bob'))).status).toBe(200)
    }
    const ends = [refusals[0], refusals.at(-1)]
    expect(ends.map((refused) => refused?.status)).toEqual([502, 503])
    for (const [n, refused] of ends.entries()) {
      expect(refused?.data.stderr).toEqual(
        isTold[n] === true ? [expect.stringMatching(/^401 for \*\*\* of/)] : undefined,
      )
      if (isTold[n] === true) continue
      expect((await incidentOf(bridge, refused?.data))['stderr']).toEqual([expect.stringContaining(BAD)])
    }
    expect(await readyz(bridge)).toBe(200)
    expect((await initialize(bridge, as('carol'))).status).toBe(200)
  },
)

/** Opens a session and crashes its process with its first call, or with its second. */
async function crash(bridge: RunningBridge, headers: Headers, calls: number): Promise<void> {
  const client = new StreamableClient({ port: bridge.port, headers })
  if ((await client.initialize()).error !== undefined) return
  for (let n = 1; n < calls; n++) await client.call('echo')
  expect((await client.call('crash')).error?.data.code).toBe('child_exited')
}

describe('fault.crash', () => {
  test.each([1, 2])('who has names: a client that crashes its own process with call %i', async (calls) => {
    const { alice: _, ...clients } = {
      ...PRINCIPALS,
      bob: { token: 'of-bob' },
      mallory: { token: 'of-mallory' },
    }
    const bridge = await bridged([...configured({ clients }), '--', ...fixture('echo')])
    for (let n = 0; n < 5; n++) {
      await crash(bridge, bearer('mallory'), calls)
      if (n % 3 === 2) expect((await initialize(bridge, bearer('bob'))).status).toBe(200)
      expect(await readyz(bridge)).toBe(200)
    }
  })

  test.each([1, 2])('who has none: a client that crashes its own process with call %i', async (calls) => {
    const bridge = await bridged(['--', ...fixture('echo')])
    for (let n = 0; n < 5; n++) {
      await crash(bridge, {}, calls)
      expect((await initialize(bridge)).status).toBe(200)
      expect(await readyz(bridge)).toBe(200)
    }
  })

  test('a tool that crashes after each initialize is held back, for everybody', async () => {
    const flag = join(tempDir(), 'works')
    writeFileSync(flag, '')
    const bridge = await bridged(['--warm', '0', '--', ...fixture('crashes-once-initialized', flag)])
    await bridge.until(({ msg }) => msg === 'tool answers')
    rmSync(flag)
    await eventually(
      async () => {
        const client = new StreamableClient(bridge)
        // Its process may be gone before it has said that it is initialised.
        await client.initialize().catch(() => {})
        return (await readyz(bridge)) === 503
      },
      { what: 'not to be ready' },
    )
    const loop = bridge.logs.find(({ msg }) => msg === 'the tool crashes again and again')
    expect(loop).toMatchObject({ level: 'error', exitCode: 3, stderr: ['no longer'] })
    writeFileSync(flag, '')
    await eventually(async () => (await readyz(bridge)) === 200, { what: 'to be ready', withinMs: 40_000 })
  }, 90_000)
})

describe('fault.stderr', () => {
  test('of its own process a client is told it, without what the operator or it gave the tool', async () => {
    const [given, passed, sent] = ['from-the-operator', 'of the environment', 'from+the/client']
    const bridge = await bridged(
      [
        '--env',
        `GIVEN=${given}`,
        '--pass-env',
        'PASSED',
        '--header-env',
        'X-Sent=SENT',
        '--',
        ...fixture('echo'),
      ],
      { env: { PASSED: passed } },
    )
    const client = await openStreamable(bridge, { headers: { 'x-sent': sent } })
    const texts = [`a ${given}, b ${passed}`, `c ${encodeURIComponent(sent)}.`, 'd']
    for (const text of texts) await client.call('stderr', { text })
    await bridge.until(({ line }) => line === 'd')
    expect((await client.call('crash')).error?.data).toMatchObject({
      code: 'child_exited',
      stderr: ['a ***, b ***', 'c ***.', 'd'],
    })
    // The log is the operator's.
    expect(bridge.logs.map(({ line }) => line)).toContain(texts[0])
  })

  test.each([
    ['shared', []],
    ['shared', ['--compat', 'litellm']],
    ['pool', []],
  ])(
    'of one that nobody has for itself: %s %j: an incident, which the log explains',
    async (mode, options) => {
      const bridge = await bridged([
        '--children',
        mode,
        '--max-children',
        '1',
        ...options,
        '--',
        ...fixture('echo'),
      ])
      const [a, b] = [await openStreamable(bridge), await openSse(bridge)]
      await a.call('stderr', { text: 'query of a' })
      await bridge.until(({ line }) => line === 'query of a')
      const answer = await b.call('crash')
      expect(JSON.stringify(answer)).not.toContain('query of a')
      const incident = /incident ([0-9a-f]{8})/.exec(JSON.stringify(answer))?.[1]
      expect((await incidentOf(bridge, { incident }))['stderr']).toEqual(['query of a'])
      if (options.length === 0) expect(answer.error?.data).toMatchObject({ exitCode: 1, incident })
    },
  )

  test('the trial is nobody’s: who waits for it is told an incident, who started the bridge the whole', async () => {
    const [KEY, OWNER] = [BAD, 'the operator']
    const bridge = createBridge({ command: PICKY, env: { KEY, OWNER }, port: 0 })
    onTestFinished(() => bridge.close())
    const { port } = await bridge.listen()
    const { status, text, data } = await initialize({ port })
    expect([status, data.code]).toEqual([502, 'child_exited'])
    expect(text).not.toMatch(/expired|operator|401/)
    expect(data).toMatchObject({ exitCode: 1, hint: `see the log for incident ${data.incident}` })
    await expect(bridge.start()).rejects.toMatchObject({ data: { stderr: [`401 for ${KEY} of ${OWNER}`] } })
  })
})

test('fault.late: what a shared child says is not passed on soon after a call of another principal', async () => {
  const clients = { alice: { token: 'of-alice' }, bob: { token: 'of-bob' } }
  const gatedWith = (afterCallMs: number) =>
    gatedBy((command) => embedded({ command, clients, children: 'shared' }, { afterCallMs }))
  const able = { capabilities: { sampling: {} } }
  const pair = async ({ port }: { port: number }) => {
    const [alice, bob] = [
      await openStreamable({ port }, { ...able, headers: bearer('alice') }),
      await openStreamable({ port }, { ...able, headers: bearer('bob') }),
    ]
    bob.onRequest = () => ({ by: 'bob' })
    return { alice, bob }
  }
  const log = { method: 'notifications/message', params: { level: 'error', data: 'whose?' } }
  const question = { method: 'sampling/createMessage' }

  const long = await pair((await gatedWith(60_000)).bridge)
  await long.bob.call('notify', log)
  expect(logsOf(long.bob)).toEqual(['whose?'])
  await long.alice.call('held')
  await long.bob.call('notify', log)
  expect(logsOf(long.bob)).toEqual(['whose?'])
  expect(textOf(await long.bob.call('asks', question))).toContain('cannot be told')

  const short = await pair((await gatedWith(300)).bridge)
  await short.alice.call('held')
  await eventually(async () => textOf(await short.bob.call('asks', question)) === '{"by":"bob"}', {
    what: 'bob to be asked again',
  })
})

test('fault.idle: a shared child that was started to be asked what it is ends when nobody uses it', async () => {
  const args = ['--children', 'shared', '--header-env', 'X-Key=KEY', '--idle', '1s']
  const bridge = await bridged([...args, '--', ...fixture('echo')])
  await bridge.until(({ msg }) => msg === 'tool answers')
  const [described = 0] = bridge.childPids
  await eventually(() => !isAlive(described), { what: 'it to end' })
  expect((await initialize(bridge)).status).toBe(200)
})
