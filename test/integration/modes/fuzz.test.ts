// fuzz: 16 clients, on one shared child and on a pool, whatever comes to their minds at once.
import { Agent } from 'node:http'
import { fixture, SseClient, StreamableClient, type RpcId, type RpcMessage } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { Random } from '../fuzz/random.ts'
import { bridged, nothingLeft } from '../wires/wire.ts'

nothingLeft()

const CLIENTS = 16
const AT_ONCE = 3
const CALLS = 5200
const TIMEOUT_MS = 240_000
const DEADLINE_MS = 45_000
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)

type Deed = 'echo' | 'progress' | 'sample' | 'cancel' | 'crash' | 'leave'
type Client = StreamableClient | SseClient

/** Of 1000. A pooled child that was cancelled is held for 10 s: there are few of those. */
const WEIGHTS: Record<string, Record<Deed, number>> = {
  shared: { echo: 560, progress: 250, sample: 120, cancel: 45, crash: 3, leave: 22 },
  pool: { echo: 600, progress: 250, sample: 123, cancel: 2, crash: 3, leave: 22 },
}

interface Run {
  mode: string
  port: number
  wrong: string[]
  calls: number
  crashes: number
  done: Map<string, number>
}

async function open(run: Run, who: number, agent: Agent, questions: Map<string, string>): Promise<Client> {
  const client =
    who % 2 === 0 ? new StreamableClient({ port: run.port, agent }) : new SseClient({ port: run.port, agent })
  if (client instanceof SseClient) await client.connect()
  client.onRequest = ({ method, params }) => {
    if (method === 'ping') return {}
    const prompt: string = params?.messages?.[0]?.content?.text ?? ''
    const answer = questions.get(prompt)
    if (answer === undefined) run.wrong.push(`client ${who}: foreign question ${prompt}`)
    return { answer: answer ?? 'not mine' }
  }
  const { error } = await client.initialize({ capabilities: { sampling: {} } })
  if (error !== undefined) run.wrong.push(`client ${who}: initialize: ${JSON.stringify(error)}`)
  return client
}

async function live(run: Run, who: number): Promise<void> {
  const random = new Random(SEED + who)
  const agent = new Agent({ keepAlive: true })
  while (run.calls < CALLS && run.wrong.length === 0) {
    const questions = new Map<string, string>()
    const client = await open(run, who, agent, questions)
    let isOver = false
    let nextId = 0
    const hand = async (): Promise<void> => {
      while (!isOver && run.calls < CALLS && run.wrong.length === 0) {
        const deed = random.pick(WEIGHTS[run.mode]!)
        const n = ++run.calls
        const id: RpcId = random.below(2) === 0 ? ++nextId : String(++nextId)
        run.done.set(deed, (run.done.get(deed) ?? 0) + 1)
        if (deed === 'leave') isOver = true
        else await act(run, { client, who, n, id, random, questions, isOver: () => isOver }, deed)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, hand))
    for (const stray of client.strays) run.wrong.push(`client ${who}: stray ${JSON.stringify(stray)}`)
    if (client instanceof StreamableClient && random.below(2) === 0) await client.del()
    client.close()
  }
  agent.destroy()
}

interface Act {
  client: Client
  who: number
  n: number
  id: RpcId
  random: Random
  questions: Map<string, string>
  isOver(): boolean
}

async function act(run: Run, deed: Act, name: Exclude<Deed, 'leave'>): Promise<void> {
  const { client, who, n, id, random, questions } = deed
  const text = `client ${who} call ${n}`
  const steps = 1 + random.below(5)
  // The fraction names the call; the tool makes no step of it.
  const total = Number((steps + n / 1_000_000).toFixed(6))
  const seen: number[] = []
  const onMessage = (message: RpcMessage): void => {
    if ('method' in message && message.params?.total === total) {
      if (message.params.progressToken !== id)
        run.wrong.push(`${text}: token ${message.params.progressToken}`)
      seen.push(message.params.progress)
    }
  }
  const options = { id, progressToken: id, onMessage, signal: AbortSignal.timeout(DEADLINE_MS) }
  questions.set(text, `answer ${n}`)
  if (name === 'crash') run.crashes++
  const asked = {
    echo: ['echo', { text }],
    progress: ['progress', { steps: total, delayMs: 0 }],
    sample: ['sample', { prompt: text }],
    cancel: ['sleep', { ms: 120_000 }],
    crash: ['crash', {}],
  } as const
  const [tool, args] = asked[name]
  const call = client.call(tool, args, options)
  if (name === 'cancel') {
    await client.cancel(id)
    // On HTTP+SSE nothing answers a cancelled call.
    if (client instanceof SseClient) return void call.catch(() => {})
  }
  const { result, error } = await call.catch(
    (thrown: unknown) => ({ result: undefined, error: { hangs: String(thrown) } }) as never,
  )
  if (isExpected(run, name, error)) return
  const came: unknown = result?.content?.[0]?.text
  const mine = {
    echo: text,
    progress: 'done',
    sample: JSON.stringify({ answer: `answer ${n}` }),
    cancel: '',
    crash: '',
  }[name]
  const isRefused = run.mode === 'shared' && name === 'sample' && String(came).includes('which client')
  if (came !== mine && !isRefused) run.wrong.push(`${text}: ${name}: ${JSON.stringify(result ?? error)}`)
  const all = Array.from({ length: steps }, (_, i) => i + 1)
  if (name === 'progress' && JSON.stringify(seen) !== JSON.stringify(all))
    run.wrong.push(`${text}: progress ${JSON.stringify(seen)} of ${steps}`)
}

/** Whether this error is the right answer: to a cancellation, to a crash, or to whatever was in flight at a crash. */
function isExpected(run: Run, name: Deed, error: any): boolean {
  const code: string | undefined = error?.data?.code
  if (name === 'crash') return code === 'child_exited'
  if (name === 'cancel' && code === 'request_cancelled') return true
  return run.mode === 'shared' && code === 'child_exited' && run.crashes > 0
}

// The seed is in the title, so that it is always printed.
test.each(['shared', 'pool'])(
  `fuzz.%s: FUZZ_SEED=${SEED}: every answer, event and question belongs where it arrives`,
  { timeout: TIMEOUT_MS },
  async (mode) => {
    const bridge = await bridged([
      '--children',
      mode,
      '--max-children',
      '12',
      '--',
      ...fixture('asks-client'),
    ])
    const run: Run = { mode, port: bridge.port, wrong: [], calls: 0, crashes: 0, done: new Map() }
    await Promise.all(Array.from({ length: CLIENTS }, (_, who) => live(run, who)))
    expect(run.wrong).toEqual([])
    expect(run.calls).toBeGreaterThanOrEqual(5000)
    for (const deed of Object.keys(WEIGHTS[mode]!)) expect([...run.done.keys()]).toContain(deed)
    const started = bridge.childPids.length
    if (mode === 'shared') expect(started).toBeLessThanOrEqual(1 + run.crashes)
  },
)
