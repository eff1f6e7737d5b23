// isolation: 16 clients of four persons on three wires at four tools: what is of one tool or person is worth nothing at another.
import {
  eventually,
  fixture,
  isAlive,
  openStream,
  send,
  SseClient,
  StreamableClient,
  type Reply,
} from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeft } from '../bridges.ts'
import { Random } from '../fuzz/random.ts'
import { Several, type Wire } from './several.ts'

nothingLeft()

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
const CALLS = Number(process.env['FUZZ_CALLS'] ?? 1000)
const WIRES: readonly Wire[] = ['sse', 'streamable', 'modern', 'modern']
const INITIALIZED = ['echo', 'elicit', 'sleep', 'crash', 'pid']

/** Which tools of which tool each of them sees, of those that are looked for; who is not there may not come. */
const SEES: Record<string, Record<string, readonly string[]>> = {
  ann: { legacy: INITIALIZED, modern: INITIALIZED, dual: INITIALIZED, filtered: ['echo', 'elicit', 'sleep'] },
  bob: { legacy: ['echo', 'elicit', 'sleep', 'pid'], filtered: ['echo'] },
  cyd: { modern: INITIALIZED, dual: ['echo', 'elicit'], legacy: ['echo', 'elicit', 'sleep'] },
  dan: { filtered: ['echo', 'elicit', 'sleep'], dual: INITIALIZED.filter((name) => name !== 'pid') },
}
const TOOLS = ['legacy', 'modern', 'dual', 'filtered']
const SERVERS = {
  legacy: { command: fixture('asks-client') },
  modern: { command: fixture('speaks-modern', 'only') },
  dual: { command: fixture('speaks-modern', 'dual') },
  filtered: { command: fixture('asks-client'), toolsDeny: ['pid', 'crash'] },
}
const CLIENTS = {
  ann: { token: 'of-ann', env: { PERSON: 'ann' } },
  bob: {
    token: 'of-bob',
    env: { PERSON: 'bob' },
    toolsDeny: ['crash'],
    servers: { legacy: {}, filtered: { toolsAllow: ['echo'] } },
  },
  cyd: {
    token: 'of-cyd',
    env: { PERSON: 'cyd' },
    servers: {
      modern: {},
      dual: { toolsAllow: ['echo', 'elicit'] },
      legacy: { toolsDeny: 'crash,pid', env: { PERSON: 'cyd' } },
    },
  },
  dan: { token: 'of-dan', servers: { filtered: {}, dual: { toolsDeny: 'pid' } } },
}

interface Act {
  client: Several
  tool: string
  random: Random
  n: number
}

class Crowd {
  readonly wrong: string[] = []
  readonly done = new Map<string, number>()
  readonly clients: readonly Several[]
  readonly #port: number
  /** Each has an environment of its own, and so each process has one owner. */
  readonly #ownerOf = new Map<unknown, string>()
  #calls = 0

  constructor(port: number) {
    this.#port = port
    const people = Object.keys(SEES)
    this.clients = Array.from({ length: 16 }, (_, i) => {
      const wire = WIRES[(i >> 2) % WIRES.length] ?? 'sse'
      return new Several(`c${i}`, people[i % people.length] ?? '', wire, port, this.wrong)
    })
  }

  async run(seed: number, calls: number): Promise<void> {
    await Promise.all(
      this.clients.map(async (client, i) => {
        const random = new Random(seed * 31 + i)
        while (this.#calls < calls && this.wrong.length === 0) {
          const deed = random.pick(WEIGHTS)
          const mine = Object.keys(SEES[client.person] ?? {})
          const tool = mine[random.below(mine.length)] ?? ''
          const n = ++this.#calls
          this.done.set(deed, (this.done.get(deed) ?? 0) + 1)
          await this.#deeds[deed]({ client, tool, random, n }).catch((error: unknown) =>
            client.say(`${deed} at ${tool}: ${String(error)}`),
          )
        }
      }),
    )
  }

  readonly #deeds: Record<Deed, (act: Act) => Promise<void>> = {
    echo: async ({ client, tool, n }) => {
      const text = client.mark(tool, n)
      const { result, error } = await client.call(tool, 'echo', { text })
      if (result?.content?.[0]?.text !== text) client.say(`${text}: ${JSON.stringify(result ?? error)}`)
      const owner = `${tool} of ${client.person}`
      const pid: unknown = result?._meta?.pid
      const known = this.#ownerOf.get(pid) ?? owner
      this.#ownerOf.set(pid, known)
      if (known !== owner) client.say(`${owner} is served by a process of ${known}`)
    },

    elicit: async ({ client, tool, n }) => {
      // The one that speaks both asks in the way of 2026-07-28 only.
      const cannotAsk = tool === 'dual' && client.wire !== 'modern'
      if (cannotAsk || !this.#sees(client, tool).includes('elicit')) return
      const { result, error } = await client.call(tool, 'elicit', { message: client.mark(tool, n) })
      if (!String(result?.content?.[0]?.text).includes(`"name":"${client.name}"`))
        client.say(`asked at ${tool}, it was answered ${JSON.stringify(result ?? error)}`)
    },

    list: async ({ client, tool }) => {
      const { result, error } = await client.request(tool, 'tools/list', {})
      const all: string[] | undefined = result?.tools?.map(({ name }: { name: string }) => name)
      const seen = all?.filter((name) => INITIALIZED.includes(name)).toSorted()
      if (seen?.join() !== this.#sees(client, tool).toSorted().join())
        client.say(`lists at ${tool} ${String(seen)} ${JSON.stringify(error)}`)
    },

    denied: async ({ client, tool, random }) => {
      const seen = this.#sees(client, tool)
      const denied = INITIALIZED.filter((name) => !seen.includes(name))
      const name = denied[random.below(denied.length)]
      if (name === undefined) return
      const { result, error } = await client.call(tool, name, {})
      if (error?.code !== -32602) client.say(`calls ${name} at ${tool}: ${JSON.stringify(result ?? error)}`)
    },

    /** A tool that is not for it, with a session, an event and all that it may have. */
    forbidden: async ({ client, random }) => {
      const mine = this.#sees
      const others = TOOLS.filter((tool) => mine(client, tool).length === 0)
      const tool = others[random.below(others.length)]
      if (tool === undefined) return
      for (const who of [client, this.#other(client, random)])
        for (const reply of await this.#knock(client, tool, await this.#sessionOf(who, random)))
          this.#expect(client, `forbidden ${tool}`, reply, 404, 'not_found')
    },

    /** The session of another tool of its own, or of another person at whatever tool. */
    session: async ({ client, tool, random }) => {
      const other = random.below(2) === 0 ? client : this.#other(client, random)
      const stolen = await this.#sessionOf(other, random)
      if (stolen === undefined || (stolen.tool === tool && other.person === client.person)) return
      for (const reply of await this.#knock(client, tool, stolen))
        this.#expect(client, `session of ${other.name} at ${stolen.tool}`, reply, 404, 'session_unknown')
    },

    /** The event of another session, in its own. */
    event: async ({ client, tool, random }) => {
      if (client.wire !== 'streamable') return
      const stolen = await this.#eventOf(this.#other(client, random), random)
      const session = await client.session(tool)
      const own = await this.#listen(client, tool, session.sessionId ?? '', stolen ?? '1:1')
      // An id of this kind may be one of its own too; then its own events come.
      if (own.status !== 200 && own.code !== 'request_invalid') client.say(`event: ${JSON.stringify(own)}`)
      client.hear(tool, own.text)
    },

    /** A call is cut off and resumed; before that its event is tried at another tool, and by another person. */
    cut: async ({ client, tool, n, random }) => {
      const session = client.wire === 'streamable' ? await client.session(tool) : undefined
      if (!(session instanceof StreamableClient) || tool === 'modern' || tool === 'dual') return
      if (!this.#sees(client, tool).includes('sleep')) return
      const total = Number((20 + n / 1_000_000).toFixed(6))
      const answer = session.request(
        'tools/call',
        { name: 'progress', arguments: { steps: total, delayMs: 5 } },
        { progressToken: n, keepWaiting: true, signal: AbortSignal.timeout(45_000) },
      )
      const stream = await eventually(
        () => session.streams.find(({ text }) => text.includes(`"total":${total}}`)),
        { what: 'its first step' },
      )
      const eventId = stream.events.all.findLast(({ id }) => id !== undefined)?.id ?? ''
      stream.destroy()
      const elsewhere = this.#places(client).filter((each) => each !== tool)
      for (const each of elsewhere) {
        const at = { path: `/${each}/mcp`, sessionId: session.sessionId ?? '', eventId }
        this.#expect(client, 'event', await this.#resume(client, at), 404, 'session_unknown')
        const inOwn = (await client.session(each)).sessionId ?? ''
        const seen = await this.#listen(client, each, inOwn, eventId)
        if (seen.text.includes(String(total))) client.say(`the event of ${tool} was replayed at ${each}`)
      }
      const other = this.#other(client, random)
      const at = { path: `/${tool}/mcp`, sessionId: session.sessionId ?? '', eventId }
      const code = this.#sees(other, tool).length > 0 ? 'session_unknown' : 'not_found'
      this.#expect(other, `event of ${client.name}`, await this.#resume(other, at), 404, code)
      await session.listen({ lastEventId: eventId })
      const { result, error } = await answer
      if (result?.content?.[0]?.text !== 'done') client.say(`resumed: ${JSON.stringify(result ?? error)}`)
    },

    /** A call waits for its client; its state is brought to other tools, and by others; then its owner comes. */
    parked: async ({ client, tool, n, random }) => {
      if (client.wire !== 'modern' || !this.#sees(client, tool).includes('elicit')) return
      // Another process keeps no state of its own; what it says of a state is its own.
      if (tool !== 'legacy' && tool !== 'filtered') return
      const params = { name: 'elicit', arguments: { message: client.mark(tool, n) } }
      const { response } = await client.modern(tool).request('tools/call', params)
      client.hear(tool, response)
      const { result } = response
      if (result?.resultType !== 'input_required') return client.say(`not asked: ${JSON.stringify(response)}`)
      for (const each of TOOLS.filter((name) => name !== tool)) {
        const { error } = await client.resume(each, params, result)
        // A tool of 2026-07-28 judges states itself.
        const codes =
          this.#sees(client, each).length === 0 ? ['not_found'] : ['request_state_invalid', undefined]
        if (error === undefined || !codes.includes(error.data?.code))
          client.say(`state of ${tool} at ${each}: ${JSON.stringify(error)}`)
      }
      const other = this.#other(client, random)
      const { error } = await other.resume(tool, params, result)
      const code = this.#sees(other, tool).length > 0 ? 'request_state_invalid' : 'not_found'
      if (error?.data?.code !== code) other.say(`state of ${client.name}: ${JSON.stringify(error)}`)
      const own = await client.resume(tool, params, result)
      if (!String(own.result?.content?.[0]?.text).includes(`"name":"${client.name}"`))
        client.say(`came back to ${tool}: ${JSON.stringify(own)}`)
      const again = await client.resume(tool, params, result)
      if (again.error?.data?.code !== 'request_state_invalid')
        client.say(`came back twice to ${tool}: ${JSON.stringify(again)}`)
    },

    token: async ({ client, tool, random }) => {
      const { authorization } = client.headers
      const given = [
        {},
        { authorization: `${authorization}x` },
        { authorization: authorization.slice(0, -1) },
      ]
      const headers = given[random.below(given.length)] ?? {}
      const reply = await this.#ping(`/${tool}/mcp`, headers)
      this.#expect(client, 'token', reply, 401, 'unauthorized')
    },

    leave: ({ client, tool }) => client.leave(tool),
  }

  readonly #sees = ({ person }: Several, tool: string): readonly string[] => SEES[person]?.[tool] ?? []

  #places({ person }: Several): string[] {
    return Object.keys(SEES[person] ?? {})
  }

  /** Somebody of another person. */
  #other(client: Several, random: Random): Several {
    const others = this.clients.filter(({ person }) => person !== client.person)
    return others[random.below(others.length)] as Several
  }

  async #sessionOf(owner: Several, random: Random): Promise<Stolen | undefined> {
    const mine = this.#places(owner)
    const tool = mine[random.below(mine.length)] ?? ''
    if (owner.wire === 'modern') return undefined
    const session = await owner.session(tool)
    return { tool, isSse: session instanceof SseClient, sessionId: session.sessionId ?? '' }
  }

  async #eventOf(owner: Several, random: Random): Promise<string | undefined> {
    const mine = this.#places(owner)
    if (owner.wire !== 'streamable') return undefined
    const session = await owner.session(mine[random.below(mine.length)] ?? '')
    if (!(session instanceof StreamableClient)) return undefined
    return session.streams.flatMap(({ events }) => events.all).findLast(({ id }) => id !== undefined)?.id
  }

  /** With what is somebody else's, in every way there is. */
  async #knock({ headers }: Several, tool: string, stolen: Stolen | undefined): Promise<Reply[]> {
    const { sessionId = 'none' } = stolen ?? {}
    const [mcp, messages] = [`/${tool}/mcp`, `/${tool}/messages?sessionId=${sessionId}`]
    const withId = { ...headers, 'mcp-session-id': sessionId }
    return Promise.all([
      this.#ping(mcp, withId),
      this.#ping(messages, headers),
      this.#ping(messages, withId),
      send({ port: this.#port, path: mcp, method: 'DELETE', headers: withId }),
      send({
        port: this.#port,
        path: mcp,
        headers: { ...withId, accept: 'text/event-stream', 'last-event-id': '1:1' },
      }),
    ])
  }

  #ping(path: string, headers: object): Promise<Reply> {
    const types = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    return send({ port: this.#port, path, method: 'POST', headers: { ...types, ...headers }, body })
  }

  #resume(
    client: Several,
    { path, sessionId, eventId }: { path: string; sessionId: string; eventId: string },
  ) {
    const headers = { ...client.headers, 'mcp-session-id': sessionId, 'last-event-id': eventId }
    return send({ port: this.#port, path, headers: { ...headers, accept: 'text/event-stream' } })
  }

  /** What comes at once on a stream that is resumed. */
  async #listen(client: Several, tool: string, sessionId: string, eventId: string) {
    const headers = { ...client.headers, 'mcp-session-id': sessionId, 'last-event-id': eventId }
    const stream = await openStream({
      port: this.#port,
      path: `/${tool}/mcp`,
      headers: { ...headers, accept: 'text/event-stream' },
    })
    // What is kept is written with the head, or in the turn after it.
    await client.request(tool, 'ping', {})
    if (!stream.isEventStream) await stream.ended
    stream.destroy()
    const { status, text } = stream
    return { status, text, code: status === 200 ? undefined : JSON.parse(text).error.data.code }
  }

  #expect(client: Several, what: string, { status, body }: Reply, expected: number, code: string): void {
    if (status !== expected || JSON.parse(body).error.data.code !== code)
      client.say(`${what}: ${status} ${body.slice(0, 300)}`)
  }
}

interface Stolen {
  tool: string
  isSse: boolean
  sessionId: string
}

const WEIGHTS = {
  echo: 480,
  elicit: 110,
  list: 80,
  denied: 60,
  forbidden: 40,
  session: 80,
  event: 20,
  cut: 30,
  parked: 60,
  token: 20,
  leave: 20,
}
type Deed = keyof typeof WEIGHTS

test(
  `isolation: FUZZ_SEED=${SEED} FUZZ_CALLS=${CALLS}: no answer crosses, nothing of another is of use, and nothing is left`,
  { timeout: 300_000 },
  async () => {
    const config = { clients: CLIENTS, warm: 0, maxChildren: 128 }
    const bridge = await embedded({ ...config, servers: SERVERS })
    const crowd = new Crowd(bridge.port)
    await crowd.run(SEED, CALLS)
    await Promise.all(crowd.clients.map((client) => client.leaveAll()))
    expect(crowd.wrong).toEqual([])
    expect([...crowd.done.keys()].toSorted()).toEqual(Object.keys(WEIGHTS).toSorted())
    // Whoever has no session says no goodbye: the tools go.
    bridge.reload({ ...config, servers: {} })
    await eventually(() => !bridge.childPids.some(isAlive), {
      what: 'the end of all processes',
      withinMs: 30_000,
    })
  },
)
