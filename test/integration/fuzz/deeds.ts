// fuzz/deeds: what a client does in its life, each with what must come of it.
import {
  StreamableClient,
  type EventStream,
  type RequestOptions,
  type RpcId,
  type RpcMessage,
} from '@mcp-bridge/testkit'
import type { Life } from './life.ts'
import type { Random } from './random.ts'

export interface Deed {
  life: Life
  random: Random
  /** Unique in the whole run. */
  n: number
  id: RpcId
}

export type DeedName =
  | 'echo'
  | 'progress'
  | 'sample'
  | 'elicit'
  | 'log'
  | 'cut'
  | 'cancel'
  | 'crash'
  | 'vanish'

export const DEEDS: Record<DeedName, (deed: Deed) => Promise<void>> = {
  async echo({ life, n, id, random }) {
    const text = `${life.name} ${n} ${'€'.repeat(random.below(200))}`
    expectText(life, 'echo', text, await life.call('echo', { text }, { id }))
  },

  async progress(deed) {
    const steps = 1 + deed.random.below(6)
    const { answer, seen } = withProgress(deed, steps, 0)
    const came = await answer
    expectText(deed.life, 'progress', 'done', came)
    if (came !== undefined) expectSteps(deed, seen, steps)
  },

  async sample({ life, n, id }) {
    const prompt = `prompt of ${life.name} ${n}`
    life.expectQuestion(prompt, `sampled ${n}`)
    const answer = await life.call('sample', { prompt }, { id })
    expectText(life, 'sample', JSON.stringify({ answer: `sampled ${n}` }), answer)
  },

  async elicit({ life, n, id }) {
    const message = `message of ${life.name} ${n}`
    life.expectQuestion(message, `elicited ${n}`)
    const answer = await life.call('elicit', { message }, { id })
    expectText(life, 'elicit', JSON.stringify({ answer: `elicited ${n}` }), answer)
  },

  async log({ life, n, id }) {
    const text = `log of ${life.name} ${n}`
    life.expectLog(text)
    expectText(life, 'log', 'logged', await life.call('log', { text }, { id }))
  },

  /** Cuts the stream of a call in the middle, some times over, and resumes it; HTTP+SSE has nothing like it. */
  async cut(deed) {
    const { life, random } = deed
    const { client } = life
    if (!(client instanceof StreamableClient)) return DEEDS.echo(deed)
    const steps = 4 + random.below(12)
    const hopeless = new AbortController()
    const resumes = { signal: hopeless.signal, keepWaiting: true }
    const { answer, seen, first, total } = withProgress(deed, steps, 3, resumes)
    await first
    let stream = client.streams.findLast((each) => idOf(each, total) !== undefined)
    for (let cuts = 1 + random.below(3); cuts > 0 && stream !== undefined; cuts--) {
      const lastEventId: string | undefined = idOf(stream, total) ?? idOf(stream)
      // Whoever has the answer has nothing to come back for.
      if (lastEventId === undefined || hasAnswer(stream)) break
      stream.destroy()
      stream = await client.listen({ lastEventId }).catch((error: unknown) => {
        if (!life.isOver) life.wrong.push(`${life.name}: resume: ${String(error)}`)
        hopeless.abort()
        return undefined
      })
      if (cuts > 1) await stream?.events.next(undefined, 5000).catch(() => {})
    }
    void stream?.ended.then(() => hopeless.abort())
    const came = await answer
    if (came === undefined && !life.isOver) life.wrong.push(`${life.name}: a resumed stream ended unanswered`)
    expectText(life, 'cut', 'done', came)
    if (came !== undefined) expectSteps(deed, seen, steps)
  },

  /** Cancels what would go on for minutes. */
  async cancel(deed) {
    const { life, id } = deed
    const answered = new AbortController()
    const { answer, first } = withProgress(deed, 100_000, 3, { signal: answered.signal })
    await first
    await life.client.cancel(id).catch((error: unknown) => {
      if (!life.isOver) life.wrong.push(`${life.name}: cancel: ${String(error)}`)
    })
    // HTTP+SSE has no exchange that an answer would have to close.
    if (!(life.client instanceof StreamableClient)) answered.abort()
    const came = await answer
    if (came !== undefined && came.error?.code !== -32800)
      life.wrong.push(`${life.name}: cancelled, and yet ${JSON.stringify(came)}`)
  },

  /** Ends the child, and with it this life: everything under way must be told, this call too. */
  async crash({ life, id, random }) {
    if (life.isOver) return life.freeId(id)
    life.isOver = true
    const tool = random.below(2) === 0 ? 'crash' : 'killSelf'
    const signal = AbortSignal.timeout(30_000)
    const came = await life.client.call(tool, {}, { id, signal }).catch((error: unknown) => error)
    const code = (came as { error?: { data?: { code?: string } } }).error?.data?.code
    if (code !== 'child_exited')
      life.wrong.push(`${life.name}: crash answered by ${JSON.stringify(came)} ${String(came)}`)
  },

  /** Leaves without a word, or with DELETE. */
  async vanish({ life, id, random }) {
    life.freeId(id)
    if (life.isOver) return
    life.isOver = true
    if (life.client instanceof StreamableClient && random.below(2) === 0) await life.client.del()
    else life.client.close()
  },
}

function withProgress(
  { life, n, id, random }: Deed,
  steps: number,
  delayMs: number,
  options: Pick<RequestOptions, 'signal' | 'keepWaiting'> = {},
) {
  // The fraction names the call, and the tool makes no step of it.
  const total = Number((steps + n / 1_000_000).toFixed(6))
  const token = random.below(2) === 0 ? id : otherType(id)
  const seen: number[] = []
  let start!: () => void
  const started = new Promise<void>((resolve) => (start = resolve))
  const onMessage = (message: RpcMessage): void => {
    if (!('method' in message) || message.params?.total !== total) return
    seen.push(message.params.progress)
    start()
  }
  life.expectProgress(token, total)
  const args = { steps: total, delayMs }
  const answer = life.call('progress', args, { ...options, id, progressToken: token, onMessage })
  return { answer, seen, total, first: Promise.race([started, answer]) }
}

/** 7 for "7" and "7" for 7: the other is in use as the token of another call. */
function otherType(id: RpcId): RpcId {
  return typeof id === 'number' ? String(id) : Number(id)
}

/** Id of the last event, given that one of this stream tells of that call's progress. */
function idOf(stream: EventStream, total?: number): string | undefined {
  const { all } = stream.events
  // With what follows it: 6.001 begins 6.0012 too.
  if (total !== undefined && !all.some(({ data }) => data.includes(`"total":${total}}`))) return undefined
  return all.findLast(({ id }) => id !== undefined)?.id
}

function hasAnswer(stream: EventStream): boolean {
  return stream.events.all.at(-1)?.data.includes('"result"') === true
}

function expectText(
  life: Life,
  deed: string,
  expected: string,
  came: Awaited<ReturnType<Life['call']>>,
): void {
  if (came === undefined) return
  const text: unknown = came.result?.content?.[0]?.text
  if (text !== expected) life.wrong.push(`${life.name}: ${deed}: ${JSON.stringify(came)} is not ${expected}`)
}

function expectSteps({ life, n }: Deed, seen: readonly number[], steps: number): void {
  const expected = Array.from({ length: steps }, (_, i) => i + 1)
  if (JSON.stringify(seen) !== JSON.stringify(expected))
    life.wrong.push(`${life.name}: progress of ${n}: ${JSON.stringify(seen)} of ${steps} steps`)
}
