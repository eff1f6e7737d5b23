// agreement: what is counted, recorded and traced is what the clients saw, one for one, and holds none of their secrets.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, ModernClient, tempDir, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable } from '../clients.ts'
import { collector, otelEnv } from './collector.ts'
import { DURATION, scrape, valuesOf } from './scrape.ts'

nothingLeft()

const SECRETS = ['secret-of-an-argument', 'secret-of-a-variable', 'secret-in-a-resource']
const PEOPLE = ['ann', 'ben', 'cid']
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const tokenOf = (person: string) => `secret-token-of-${person}`

interface Caller {
  person: string
  wire: string
  revision: string
  request(method: string, params: object): Promise<RpcResponse>
  /** A call that its client gives up, in the way of its wire. */
  giveUp(): Promise<void>
}

/** How often what was seen, by method, tool, error, wire and revision. */
class Tally {
  readonly seen: Record<string, number> = {}

  add(...what: (string | undefined)[]): void {
    const key = what.map((each) => each ?? '').join(' ')
    this.seen[key] = (this.seen[key] ?? 0) + 1
  }

  get total(): number {
    return Object.values(this.seen).reduce((sum, count) => sum + count, 0)
  }
}

test('agreement: of a thousand calls of three people metrics, audit and traces tell the same', async () => {
  const folder = tempDir()
  const [tokens, audit] = [join(folder, 'tokens'), join(folder, 'audit.jsonl')]
  writeFileSync(tokens, PEOPLE.map((person) => `${person}:${tokenOf(person)}\n`).join(''))
  const sink = await collector()
  const options = ['--metrics', '--audit', audit, '--token-file', tokens, '--call-timeout', '2s']
  const { port } = await bridged([...options, '--env', `KEY=${SECRETS[1]}`, '--', ...fixture('echo')], {
    env: otelEnv(sink.endpoint),
  })
  const byPerson = new Tally()
  const clients = new Tally()
  const sessionIds: string[] = []
  const note = ({ person, wire, revision }: Caller, method: string, tool: string, error: string) => {
    clients.add(method.startsWith('no/') ? '_OTHER' : method, tool, error, wire, revision)
    byPerson.add(person)
  }
  const call = async (caller: Caller, method: string, params: object, tool: string) => {
    const { error, result } = await caller.request(method, params)
    const failed = result?.isError === true ? 'tool_error' : ''
    note(caller, method, tool, error === undefined ? failed : String(error.code))
  }
  const open = async (person: string): Promise<Caller[]> => {
    const headers = {
      authorization: `Bearer ${tokenOf(person)}`,
      traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
    }
    const streamable = await openStreamable({ port }, { headers, protocolVersion: '2025-11-25' })
    const sse = await openSse({ port }, { headers, protocolVersion: '2024-11-05' })
    const modern = new ModernClient({ port, headers, name: person })
    sessionIds.push(streamable.sessionId ?? '')
    const slow = { name: 'progress', arguments: { steps: 10_000, delayMs: 20 } }
    const id = `of-${person}`
    // Not before it is under way: of what is not known yet, nothing can be given up.
    const begun = (client: typeof streamable | typeof sse) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const answer = client.request('tools/call', slow, { id, progressToken: id, onMessage: () => resolve() })
      return { answer, begun: promise }
    }
    const all: Caller[] = [
      {
        ...{ person, wire: 'streamable', revision: '2025-11-25' },
        request: (...asked) => streamable.request(...asked),
        giveUp: async () => {
          const call = begun(streamable)
          await call.begun
          await streamable.cancel(id)
          await call.answer
        },
      },
      {
        ...{ person, wire: 'sse', revision: '2024-11-05' },
        request: (...asked) => sse.request(...asked),
        giveUp: async () => {
          const call = begun(sse)
          void call.answer.catch(() => {})
          await call.begun
          await sse.cancel(id)
        },
      },
      {
        ...{ person, wire: 'stateless', revision: '2026-07-28' },
        request: async (...asked) => (await modern.request(...asked)).response,
        giveUp: async () => {
          const stream = await modern.open('tools/call', slow, { id, progressToken: id })
          await eventually(() => stream.events.all.length > 0, { what: 'progress' })
          stream.destroy()
        },
      },
    ]
    for (const caller of all.slice(0, 2)) note(caller, 'initialize', '', '')
    return all
  }
  const callers = (await Promise.all(PEOPLE.map(open))).flat()
  await Promise.all(
    callers.map(async (caller) => {
      for (let i = 0; i < 110; i++) {
        if (i % 10 < 6) {
          const text = SECRETS[0]
          await call(caller, 'tools/call', { name: 'echo', arguments: { text } }, 'echo')
        } else if (i % 10 === 6)
          await call(caller, 'tools/call', { name: 'big', arguments: { bytes: -1 } }, 'big')
        else if (i % 10 === 7) await call(caller, 'tools/call', { name: `invented-${i}` }, '_OTHER')
        else if (i % 10 === 8) await call(caller, 'resources/read', { uri: `fixture://${SECRETS[2]}` }, '')
        else await call(caller, 'tools/list', {}, '')
      }
    }),
  )
  const [first, second, third, ...others] = callers as [Caller, Caller, Caller, ...Caller[]]
  for (const caller of [first, second, third]) {
    await caller.giveUp()
    note(caller, 'tools/call', 'progress', caller.wire === 'streamable' ? '-32800' : 'dropped')
  }
  // Last, since a process that crashes takes its session with it.
  const sleep = { name: 'sleep', arguments: { ms: 60_000 } }
  await Promise.all([first, second, third].map((caller) => call(caller, 'tools/call', sleep, 'sleep')))
  for (const caller of [first, second, ...others.slice(0, 2)]) await call(caller, 'no/such/method', {}, '')
  for (const caller of others.slice(3, 6)) await call(caller, 'tools/call', { name: 'crash' }, 'crash')
  expect(clients.total).toBe(1009)

  // What was given up is over for its client before it is for the bridge.
  const { text, series } = await eventually(
    async () => {
      const scraped = await scrape(port, tokenOf('ann'))
      const counts = Object.values(valuesOf(scraped.series, `${DURATION}_count`))
      return counts[0] === clients.total && scraped
    },
    { what: 'all that was called' },
  )
  const labels = ['mcp_method_name', 'gen_ai_tool_name', 'error_type', 'wire', 'mcp_protocol_version']
  expect(valuesOf(series, `${DURATION}_count`, ...labels)).toEqual(clients.seen)
  expect(valuesOf(series, 'mcp_bridge_child_crashes_total')).toEqual({ '': 3 })
  const codes = valuesOf(series, `${DURATION}_count`, 'code')
  expect(codes).toMatchObject({ child_timeout: 3, child_exited: 3 })

  const lines = () =>
    readFileSync(audit, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ event, wire }) => event === 'call' || (event === 'session.opened' && wire !== 'stateless'))
  await eventually(() => lines().length >= 1009, { what: 'all lines' })
  const [recorded, people] = [new Tally(), new Tally()]
  const revisions: Record<string, string> = {
    streamable: '2025-11-25',
    sse: '2024-11-05',
    stateless: '2026-07-28',
  }
  // A session that is open says what its initialize came to.
  for (const { method = 'initialize', tool = '', outcome = 'ok', errorCode, wire, principal } of lines()) {
    const failed = outcome === 'ok' ? '' : outcome === 'cancelled' ? 'dropped' : outcome
    recorded.add(
      ...named(method, tool),
      errorCode === undefined ? failed : String(errorCode),
      wire,
      revisions[wire],
    )
    people.add(principal)
  }
  expect(recorded.seen).toEqual(clients.seen)
  expect(people.seen).toEqual(byPerson.seen)
  const calls = lines().filter(({ event }) => event === 'call')
  expect(new Set(calls.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]))

  await eventually(() => sink.spans().length >= 1009, { what: 'all spans' })
  const [traced, withoutWire] = [new Tally(), new Tally()]
  for (const { attributes: of, traceId } of sink.spans()) {
    expect(traceId).toBe(TRACE)
    traced.add(
      ...named(of['mcp.method.name'] ?? '', of['gen_ai.tool.name'] ?? ''),
      of['error.type'],
      of['mcp.protocol.version'],
    )
  }
  for (const [key, count] of Object.entries(clients.seen)) {
    const [method, tool, error, , revision] = key.split(' ')
    for (let i = 0; i < count; i++) withoutWire.add(method, tool, error, revision)
  }
  expect(traced.seen).toEqual(withoutWire.seen)

  const sent = sink.received.map(({ body }) => body.toString('utf8')).join('')
  const secrets = [...SECRETS, ...PEOPLE.map(tokenOf), ...sessionIds]
  for (const told of [text, readFileSync(audit, 'utf8'), sent.replaceAll(`fixture://${SECRETS[2]}`, '')])
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([])
  expect(PEOPLE.filter((person) => text.includes(person))).toEqual([])
}, 120_000)

/** As metrics name them: what is invented is one. */
function named(method: string, tool: string): [string, string] {
  return [method.startsWith('no/') ? '_OTHER' : method, tool.startsWith('invented-') ? '_OTHER' : tool]
}
