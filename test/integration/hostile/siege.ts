// hostile/siege: a victim with calls, questions and progress in flight, and three attackers on the same bridge.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, StreamableClient, tempDir, type RunningBridge } from '@mcp-bridge/testkit'
import { expect } from 'vitest'
import { Random } from '../fuzz/random.ts'
import { bridged } from '../bridges.ts'
import { answersIn, attack } from './attack.ts'

/** Each of the attackers, to each child: 10,800 in all. */
const TRIES = 300
/** The second uses the victim's own token: in a pool only those of one name share processes. */
const ATTACKERS = ['free', 'victim', 'filtered']

const PRINCIPALS = `
clients:
  victim: { token: token-of-victim }
  free: { token: token-of-free }
  filtered: { token: token-of-filtered, tools-deny: [delete_all] }
`

async function open({ port }: RunningBridge, token: string, capabilities = {}): Promise<StreamableClient> {
  const client = new StreamableClient({ port, headers: { authorization: `Bearer ${token}` } })
  expect((await client.initialize({ capabilities })).error).toBeUndefined()
  return client
}

/** Whatever three attackers do to it meanwhile, a victim's calls go their way. Returns how many messages they sent. */
export async function survive(mode: string, command: readonly string[], seed: number): Promise<number> {
  const config = join(tempDir(), 'bridge.yaml')
  writeFileSync(config, PRINCIPALS)
  const bridge = await bridged([
    ...['--children', mode, '--config', config, '--call-timeout', '60s', '--', ...command],
  ])
  const victim = await open(bridge, 'token-of-victim', { elicitation: {}, sampling: {} })
  const answered = Promise.withResolvers<object>()
  victim.onRequest = () => answered.promise
  const held = ['held 1', 'held 2'].map((by) =>
    victim.call('ask', { by }, { progressToken: `token of ${by}` }),
  )
  await eventually(() => victim.received.filter((message) => 'id' in message).length === 2, {
    what: 'both questions to reach the victim',
  })

  const wrong: string[] = []
  const attackers = { areDone: false }
  const attacks = ATTACKERS.map(async (name, n) => {
    const token = `token-of-${name}`
    const capabilities = name === 'victim' ? { elicitation: {}, sampling: {} } : {}
    const { sessionId = '' } = await open(bridge, token, capabilities)
    const random = new Random(seed + n)
    const guess = (): number => random.below(random.below(2) === 0 ? 8 : 400)
    return attack({ port: bridge.port, sessionId, token, by: `attacker ${n}`, guess }, random, TRIES)
  })
  const calls = (async () => {
    for (let n = 0; !attackers.areDone; n++) {
      const { result, error } = await victim.call(
        'read',
        { by: `call ${n}` },
        { progressToken: `token ${n}` },
      )
      // The attackers may keep the pool busy.
      if (error !== undefined) wrong.push(...(error.data.code === 'child_queue_full' ? [] : [error.message]))
      else if (result.content[0].text !== `read for call ${n}`) wrong.push(result.content[0].text)
    }
  })()
  const came = await Promise.all(attacks).finally(() => (attackers.areDone = true))
  await calls
  answered.resolve({ action: 'decline' })

  expect(wrong).toEqual([])
  expect((await Promise.all(held)).map(({ result }) => result?.content[0].text)).toEqual([
    'decline for held 1',
    'decline for held 2',
  ])
  const told = victim.received.flatMap((message) => ('id' in message ? [] : [message]))
  expect(new Set(told.map(({ params }) => `${params.progressToken} ${params.message}`))).toEqual(
    new Set(['token of held 1 held 1', 'token of held 2 held 2']),
  )
  expect([victim.strays, victim.failures]).toEqual([[], []])
  victim.close()
  await bridge.stop()
  // What the child has done for anybody: it says so on stderr.
  const done = bridge.logs.filter(({ msg }) => msg === 'child stderr').map(({ line }) => String(line))
  expect(done.filter((line) => /held|accept|attacker 2/.test(line)).toSorted()).toEqual([
    'decline for held 1',
    'decline for held 2',
  ])
  expect(came.map(answersIn)).toEqual(ATTACKERS.map(() => TRIES))
  // Otherwise nothing was tried: some of what they sent is valid, and goes through.
  for (const text of came) {
    expect(text.match(/HTTP\/1\.1 200 /g)?.length).toBeGreaterThan(5)
    expect(text.match(/HTTP\/1\.1 400 /g)?.length).toBeGreaterThan(TRIES / 4)
  }
  return ATTACKERS.length * TRIES
}
