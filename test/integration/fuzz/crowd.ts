// fuzz/crowd: 16 clients who share processes; each knows what belongs to it, and that everything else does not.
import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually, SseClient, type RpcId, type RpcResponse } from '@mcp-bridge/testkit'
import { Life } from './life.ts'
import { Random } from './random.ts'
import { WEIGHTS, type Crash, type Crowd, type Deed, type Mode } from './crowd-deeds.ts'

const CLIENTS = 16
const AT_ONCE = 3
const UNCLEAR = 'it cannot be told which client this request is for'

interface Act {
  life: Life
  random: Random
  n: number
  id: RpcId
}

/** Runs the whole crowd until it has made so many calls, or something is wrong. */
export async function crowd(mode: Mode, port: number, seed: number, calls: number): Promise<Crowd> {
  return new Running(mode, port, calls).run(seed)
}

class Running implements Crowd {
  readonly wrong: string[] = []
  readonly done = new Map<Deed, number>()
  readonly crashes: Crash[] = []
  calls = 0
  answered = 0
  refused = 0
  readonly #mode: Mode
  readonly #port: number
  readonly #limit: number
  /** Calls that may have been in flight at a crash, and then were answered though nobody waits any more. */
  readonly #excused = new Set<RpcId | null>()
  #busy = 0
  /** Somebody wants to be alone. */
  #quiet: Promise<void> | undefined

  constructor(mode: Mode, port: number, limit: number) {
    this.#mode = mode
    this.#port = port
    this.#limit = limit
  }

  async run(seed: number): Promise<Crowd> {
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, who) => this.#live(who, new Random(seed * 31 + who))),
    )
    return this
  }

  get #isOver(): boolean {
    return this.calls >= this.#limit || this.wrong.length > 0
  }

  async #live(who: number, random: Random): Promise<void> {
    const agent = new Agent({ keepAlive: true })
    for (let n = 0; !this.#isOver; n++) {
      const life = await Life.open(`${who}.${n}`, who % 2 === 0 ? 'streamable' : 'sse', this.#port, agent)
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.#hand(life, random)))
      // What is logged while several have calls in flight is nobody's, and may be lost on a shared child.
      if (this.#mode === 'shared') life.isOver = true
      const { strays } = life.client
      const excused = strays.filter(
        ({ id, error }) => error?.data?.code === 'child_exited' && this.#excused.has(id),
      )
      for (const each of excused) strays.splice(strays.indexOf(each), 1)
      await life.close()
      this.wrong.push(...life.wrong)
    }
    agent.destroy()
  }

  async #hand(life: Life, random: Random): Promise<void> {
    while (!life.isOver && !this.#isOver) {
      await this.#quiet
      if (life.isOver) return
      const deed = random.pick(WEIGHTS[this.#mode])
      const act = { life, random, n: ++this.calls, id: life.newId(random.below(2) === 0) }
      this.done.set(deed, (this.done.get(deed) ?? 0) + 1)
      this.#busy++
      await this.#deeds[deed](act).finally(() => this.#busy--)
      if (life.wrong.length > 0) return
    }
  }

  readonly #deeds: Record<Deed, (act: Act) => Promise<void>> = {
    echo: async (act) => {
      const text = `${act.life.name} ${act.n} ${'é'.repeat(act.random.below(200))}`
      await this.#call(act, 'echo', { text }, [text])
    },

    progress: async (act) => {
      const { life, random, n, id } = act
      const steps = 1 + random.below(6)
      // The fraction names the call, and the tool makes no step of it.
      const total = Number((steps + n / 1_000_000).toFixed(6))
      const seen: number[] = []
      life.expectProgress(id, total)
      const onMessage = (message: { params?: any }) =>
        message.params?.total === total && seen.push(message.params.progress)
      const answer = await this.#call(act, 'progress', { steps: total, delayMs: random.below(3) }, ['done'], {
        progressToken: id,
        onMessage,
      })
      if (
        answer?.result !== undefined &&
        seen.join() !== Array.from({ length: steps }, (_, i) => i + 1).join()
      )
        this.#say(act, `progress ${seen.join()} of ${steps}`)
    },

    sample: (act) => this.#question(act, 'sample', 'prompt', true),
    elicit: (act) => this.#question(act, 'elicit', 'message', true),

    log: async (act) => {
      const text = `log of ${act.life.name} ${act.n}`
      act.life.expectLog(text)
      await this.#call(act, 'log', { text }, ['logged'])
    },

    cancel: async ({ life, n, id }) => {
      const { client } = life
      const params = { name: 'sleep', arguments: { ms: 600_000 } }
      const unlessOver = (error: unknown) =>
        void (life.isOver || life.wrong.push(`${life.name}: cancel: ${String(error)}`))
      if (client instanceof SseClient) {
        // Nothing answers it on this wire, but a crash before it is cancelled; accepted, it is ahead of its cancellation.
        const own = `cancelled ${n}`
        const from = performance.now()
        life.freeId(id)
        await client.post({ jsonrpc: '2.0', id: own, method: 'tools/call', params }).catch(unlessOver)
        await client.cancel(own).catch(unlessOver)
        if (this.#hasCrashed(from)) this.#excused.add(own)
        return
      }
      const from = performance.now()
      const answer = life.call('sleep', params.arguments, { id }).then((came) => ({ came }))
      let isAnswered = false
      do {
        // Again, where the call was not there yet.
        await client.cancel(id).catch(unlessOver)
        isAnswered = (await Promise.race([answer, delay(50)])) !== undefined
      } while (!isAnswered && !life.isOver)
      const { came } = await answer
      const code = came?.error?.data?.code
      if (came === undefined || code === 'request_cancelled') return
      if (code !== 'child_exited' || !this.#hasCrashed(from))
        life.wrong.push(`${life.name}: cancelled, and yet ${JSON.stringify(came)}`)
    },

    crash: async (act) => {
      await this.#crash(act)
    },

    /** When nobody else has anything in flight, and nothing is left of what was cancelled, a question has one owner. */
    alone: async (act) => {
      if (this.#quiet !== undefined) return act.life.freeId(act.id)
      let end!: () => void
      this.#quiet = new Promise((resolve) => (end = resolve))
      try {
        await eventually(() => this.#busy === 1, { what: 'the others to be quiet', withinMs: 60_000 })
        if (!(await this.#crash(act))) return
        for (const [tool, key] of [
          ['sample', 'prompt'],
          ['elicit', 'message'],
        ] as const)
          await this.#question({ ...act, n: ++this.calls, id: act.life.newId(false) }, tool, key, false)
      } finally {
        this.#quiet = undefined
        end()
      }
    },

    /** Without a word, or with DELETE; what is in flight is left behind. */
    leave: async ({ life, id, random }) => {
      life.freeId(id)
      if (life.isOver) return
      life.isOver = true
      if ('del' in life.client && random.below(2) === 0) await life.client.del()
      else life.client.close()
    },
  }

  async #question(act: Act, tool: string, key: string, mayBeRefused: boolean): Promise<void> {
    const text = `${tool} of ${act.life.name} ${act.n}`
    act.life.expectQuestion(text, `answer ${act.n}`)
    const mine = JSON.stringify({ answer: `answer ${act.n}` })
    const refused = JSON.stringify({
      error: { code: -32601, message: UNCLEAR, data: { code: 'server_request_refused' } },
    })
    const answer = await this.#call(act, tool, { [key]: text }, mayBeRefused ? [mine, refused] : [mine])
    const came: unknown = answer?.result?.content[0].text
    if (came === mine) this.answered++
    else if (came === refused) this.refused++
  }

  async #crash(act: Act): Promise<boolean> {
    const crash = { from: performance.now(), to: Infinity }
    this.crashes.push(crash)
    const answer = await act.life.call('crash', {}, { id: act.id })
    // Of a client that has left meanwhile nobody tells when it comes; before the answer to a later one, in any case.
    if (answer !== undefined)
      for (const each of this.crashes)
        if (each.from <= crash.from) each.to = Math.min(each.to, performance.now())
    if (answer !== undefined && answer.error?.data?.code !== 'child_exited')
      this.#say(act, `crash: ${JSON.stringify(answer)}`)
    return answer !== undefined
  }

  async #call(
    act: Act,
    tool: string,
    args: object,
    expected: readonly string[],
    options: object = {},
  ): Promise<RpcResponse | undefined> {
    const from = performance.now()
    const answer = await act.life.call(tool, args, { ...options, id: act.id })
    if (answer === undefined) return undefined
    const { error, result } = answer
    if (error !== undefined) {
      if (error.data?.code !== 'child_exited' || !this.#hasCrashed(from))
        this.#say(act, `${tool}: ${JSON.stringify(error)}`)
    } else if (!expected.includes(result.content?.[0]?.text))
      this.#say(act, `${tool}: ${JSON.stringify(result)}`)
    return answer
  }

  /** Whether a shared child was made to crash while a call was in flight that was sent then; in a pool no other call is hit. */
  #hasCrashed(from: number): boolean {
    return this.#mode === 'shared' && this.crashes.some(({ to }) => to > from)
  }

  #say({ life, n }: Act, what: string): void {
    this.wrong.push(`${life.name} call ${n}: ${what}`)
  }
}
