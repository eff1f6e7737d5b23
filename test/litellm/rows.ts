// litellm/rows: a real LiteLLM proxy in front of bridges: what it lists, calls and executes, and that nothing hangs it.
import { fileURLToPath } from 'node:url'
import { eventually, fixture } from '@mcp-bridge/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { living, namesIn, namesOf, peopleOptions, prefixed, sessions, Stack, TOKENS, TOOLS } from './stack.ts'
import type { Version, Wire } from './versions.ts'

const modes = [
  // The most processes that live when nobody is there: what `--warm` keeps, in a pool a standby and a member.
  { mode: 'shared', kept: 1, options: [] },
  { mode: 'session', kept: 1, options: [] },
  { mode: 'pool', kept: 2, options: ['--max-children', '8', '--idle', '3s'] },
] as const

const SLOW_MS = 70_000
const ODD = fixture('odd-tools')
const EXITS = [process.execPath, fileURLToPath(new URL('exits-after-answer.ts', import.meta.url))]

/** The tests of one version. */
export function behavesWell(version: Version): void {
  const {
    wires,
    toolMembers,
    keepsAnnotations,
    keepsIsError,
    unknownTool,
    bareDash,
    refused,
    overRest,
    plainError,
    elicited,
  } = version
  const stack = new Stack(version)
  /** What the tool itself says it has. */
  let names: string[]
  let slowCalls: Promise<{ server: string; text: string; ms: number }>[]

  nothingLeft(afterAll)

  beforeAll(async () => {
    names = await namesOf(ODD)
    const compat = ['--compat', 'litellm', '--env', 'WHO=tester']
    for (const { mode, options } of modes) {
      const children = [...compat, '--children', mode]
      await stack.addBridge(mode, [...children, '--call-timeout', '5s', ...options], ODD)
      await stack.addBridge(`slow_${mode}`, [...children, '--idle', '5s'], ODD)
      await stack.addBridge(`frail_${mode}`, children, ODD)
    }
    await stack.addBridge('exits', compat, EXITS)
    await stack.addBridge('asks', ['--compat', 'litellm'], fixture('asks-client'))
    await stack.addBridge('people', ['--compat', 'litellm', '--children', 'shared', ...peopleOptions()], ODD)
    await stack.start()
    // Seventy seconds go by while the other tests run.
    slowCalls = modes.flatMap(({ mode }) => wires.map((wire) => slowCall(`slow_${mode}_${wire}`)))
  })

  afterAll(() => stack.stop())

  /** After each of these LiteLLM is still the same one and answers at once. */
  afterEach(() => stack.pingsAtOnce())

  describe.for(modes)('--children $mode --compat litellm', ({ mode, kept }) => {
    test.for(wires)('%s: all tools are listed, without what LiteLLM drops', async (wire) => {
      const server = `${mode}_${wire}`
      const listed = await stack.litellm.tools([server])
      expect(namesIn(listed)).toEqual(prefixed(server, names))
      expect(new Set(listed.map((tool) => Object.keys(tool).toSorted().join()))).toEqual(
        new Set([toolMembers]),
      )
      const rest = (await stack.litellm.restTools(server)).filter(({ name }) => name.startsWith(`${server}-`))
      expect(namesIn(rest)).toEqual(prefixed(server, names))
      expect(rest.every((tool) => tool['outputSchema'] === null)).toBe(true)
      expect(rest.every((tool) => (tool['annotations'] !== null) === keepsAnnotations)).toBe(true)
    })

    test.for(wires)('%s: called over /mcp/, over REST, and for a model', async (wire) => {
      const server = `${mode}_${wire}`
      expect(await stack.call(`${server}-echo`, { text: 'žluťoučký 🐎' })).toBe('žluťoučký 🐎')
      expect(await stack.rest(`${server}-echo`, { text: 'over REST' })).toBe('over REST')
      expect(await stack.litellm.responses(server, server)).toBe('tester')
    })

    test.for(wires)('%s: failures are told as text', async (wire) => {
      for (const ask of [stack.call.bind(stack), stack.rest.bind(stack)]) {
        expect(await ask(`${mode}_${wire}-fails`)).toBe('Error: this tool always fails')
        expect(await ask(`${mode}_${wire}-errs`)).toBe('these arguments are wrong')
        // Over REST newer versions make it a 500.
        expect(await ask(`${mode}_${wire}-no_such_tool`).catch(String)).toMatch(unknownTool('no_such_tool'))
      }
      expect((await stack.result(`${mode}_${wire}-fails`)).isError).toBe(keepsIsError)
    })

    test.for(wires)('%s: an outputSchema that is not kept, a name with a dash', async (wire) => {
      expect(await stack.call(`${mode}_${wire}-typed`)).toBe('no structure')
      expect(await stack.call(`${mode}_${wire}-get-time`)).toMatch(/^20\d\d-/)
      expect(await stack.rest(`${mode}_${wire}-get-time`)).toMatch(/^20\d\d-/)
      expect(await stack.call('get-time')).toMatch(bareDash)
    })

    test.for(wires)('%s: 20 calls at once', async (wire) => {
      const calls = Array.from({ length: 20 }, (_, i) => stack.call(`${mode}_${wire}-sleep`, { ms: 300 + i }))
      expect(await Promise.all(calls)).toEqual(calls.map(() => 'slept'))
    })

    test('a call past its deadline', async () => {
      for (const text of await Promise.all(wires.map((wire) => stack.call(`${mode}_${wire}-stuck`))))
        expect(text).toBe('the tool did not answer tools/call within 5000 ms')
    })

    test.for(wires)('%s: a child killed in the middle of a call', async (wire) => {
      expect(await stack.call(`${mode}_${wire}-killSelf`)).toContain('SIGKILL')
      await stack.pingsAtOnce()
      expect(await stack.call(`${mode}_${wire}-echo`, { text: 'back again' })).toBe('back again')
    })

    test('what LiteLLM leaves behind: no session, and no child but those kept started', async () => {
      const bridge = stack.bridge(mode)
      // A modern client has no session to end: its process stays until it has been idle for a while.
      const implicit = wires.includes('modern') ? 1 : 0
      await eventually(() => sessions(bridge).open <= implicit && living(bridge).length <= kept + implicit, {
        what: 'no session and no child too many',
        withinMs: 30_000,
      })
      expect(sessions(bridge).opened).toBeGreaterThan(60)
      // All of these sessions needed one child, and another for each kill; a modern client has it tried whether the tool is modern.
      if (mode === 'shared') expect(bridge.childPids).toHaveLength(1 + implicit + wires.length)
    })
  })

  describe('people', () => {
    test.for(wires)('%s: each has their own tools and environment over /mcp/', async (wire) => {
      const server = `people_${wire}`
      for (const person of ['alice', 'bob'] as const) {
        const own = TOOLS[person] ?? names
        expect(namesIn(await stack.litellm.tools([server], as(person, wire)))).toEqual(prefixed(server, own))
        expect(await stack.call(`${server}-env`, { name: 'WHO' }, as(person, wire))).toBe(person)
      }
      expect(await stack.call(`${server}-look`, {}, as('bob', wire))).toBe('looked')
      expect(await stack.call(`${server}-pid`, {}, as('bob', wire))).toMatch(unknownTool('pid'))
      expect(await stack.call(`${server}-pid`, {}, as('alice', wire))).toMatch(/^\d+$/)
    })

    test.for(wires)('%s: whoever brings no token is the gateway', async (wire) => {
      const server = `people_${wire}`
      expect(namesIn(await stack.litellm.tools([server]))).toEqual(prefixed(server, TOOLS.gateway))
      expect(await stack.call(`${server}-env`, { name: 'WHO' })).toBe('gateway')
      expect(await stack.call(`${server}-look`)).toMatch(unknownTool('look'))
      expect(await stack.rest(`${server}-env`, { name: 'WHO' })).toBe('gateway')
      expect(await stack.litellm.responses(server, server)).toBe('gateway')
    })

    test.for(wires)('%s: whom REST and /v1/responses take a person for', async (wire) => {
      const server = `people_${wire}`
      const env = { name: 'WHO' }
      expect(await stack.rest(`${server}-env`, env, as('alice', wire))).toBe(overRest)
      expect(await stack.litellm.responses(server, server, as('alice', wire))).toBe(overRest)
    })

    test.for(wires)('%s: a wrong token gets nothing, and hangs nobody', async (wire) => {
      const headers = { [`x-mcp-people_${wire}-authorization`]: 'wrong' }
      expect(await stack.litellm.tools([`people_${wire}`], headers)).toEqual([])
      const text = await stack.call(`people_${wire}-echo`, { text: 'x' }, headers)
      expect(text).toMatch(refused)
      expect(text).not.toBe('x')
    })
  })

  test.for(wires)('%s: a tool that is gone as soon as it has answered', async (wire) => {
    expect(await stack.call(`exits_${wire}-once`)).toBe('the last word')
    await stack.pingsAtOnce()
    expect(await stack.call(`exits_${wire}-once`)).toBe('the last word')
  })

  test.for(wires)('%s: a tool that asks its user', async (wire) => {
    const client = await stack.litellm.client(`asks_${wire}`, { elicitation: { form: {} } })
    client.onRequest = () => ({ action: 'accept', content: { name: 'Ann' } })
    const { result } = await client.call(`asks_${wire}-elicit`)
    client.close()
    expect(result.content[0].text).toMatch(elicited)
  })

  test('shared: who has a call in flight when the child dies is told so', async () => {
    const bystander = stack.call('frail_shared_http-concurrent', { ms: SLOW_MS })
    const isInFlight = async () =>
      JSON.parse(await stack.call('frail_shared_sse-concurrent')).mostRunning === 2
    await eventually(isInFlight, { what: 'two calls at once', withinMs: 60_000 })
    expect(await stack.call('frail_shared_sse-killSelf')).toContain('SIGKILL')
    expect(await bystander).toContain('SIGKILL')
  })

  test.for(modes)('$mode: a tool that crashes again and again', async ({ mode }) => {
    const texts: string[] = []
    for (let round = 0; round < 5; round++)
      for (const wire of wires) {
        texts.push(await stack.call(`frail_${mode}_${wire}-crash`))
        await stack.pingsAtOnce()
      }
    // A session that needs a process of its own and gets none has no answer that LiteLLM would pass on.
    const told =
      mode === 'session' ? /with code 1|session is not initialized/ : /with code 1|crashed \d+ times/
    expect(texts).toEqual(texts.map(() => expect.stringMatching(told)))
  })

  test('calls of 70 s, in every mode and over both wires', async () => {
    for (const { server, text, ms } of await Promise.all(slowCalls)) {
      expect({ server, text }).toEqual({ server, text: 'slept' })
      expect(ms).toBeGreaterThan(SLOW_MS)
    }
  })

  const verdict = plainError === 'hangs' ? 'hangs it: these tests can fail' : 'is told as text too'
  test(`without --compat litellm one JSON-RPC error over /mcp/ ${verdict}`, async () => {
    const victim = new Stack(version)
    onTestFinished(() => victim.stop('SIGKILL'))
    await victim.addBridge('plain', ['--children', 'shared'], ODD)
    await victim.start()
    await victim.pingsAtOnce()
    if (plainError !== 'hangs') {
      for (const wire of wires) {
        expect(await victim.call(`plain_${wire}-errs`)).toMatch(plainError)
        expect(await victim.call(`plain_${wire}-killSelf`)).toContain('SIGKILL')
      }
      return victim.pingsAtOnce()
    }
    await expect(victim.call('plain_http-errs')).rejects.toThrow('plain_http-errs: HTTP 500')
    await expect(victim.pingsAtOnce()).rejects.toThrow(/aborted|HTTP 500/)
    // Nobody who asks for its health learns of it.
    expect(await victim.litellm.isLive()).toBe(true)
  })

  async function slowCall(server: string): Promise<{ server: string; text: string; ms: number }> {
    const from = performance.now()
    // What goes wrong is told by the test that waits for it.
    const text = await stack.call(`${server}-sleep`, { ms: SLOW_MS }).catch(String)
    return { server, text, ms: performance.now() - from }
  }
}

/** What makes LiteLLM show a person's own token to the bridge. */
function as(person: keyof typeof TOKENS, wire: Wire): Record<string, string> {
  return { [`x-mcp-people_${wire}-authorization`]: TOKENS[person] }
}
