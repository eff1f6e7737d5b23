// What a legacy tool asks during a call of a modern client: the call waits, and the client comes back with the answers.
import { eventually, fixture, ModernClient, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { textOf } from '../clients.ts'

nothingLeftAfterEach()
const ALL = { sampling: {}, elicitation: {}, roots: {} }
const NAMED = { action: 'accept', content: { name: 'Ada' } }

const asked = (timings: Parameters<typeof embedded>[1] = {}, config: object = {}) =>
  embedded({ command: fixture('asks-client'), ...config }, timings)

/** The retry of a call: what it was asked, with these answers. */
function again(
  client: ModernClient,
  name: string,
  { result }: RpcResponse,
  inputResponses: object,
  args: object = {},
): Promise<RpcResponse> {
  const params = { name, arguments: args, inputResponses, requestState: result.requestState }
  return client.request('tools/call', params).then(({ response }) => response)
}

const level = (logLevel: string | undefined) => (logLevel === undefined ? {} : { logLevel })
const keysOf = ({ result }: RpcResponse): string[] => Object.keys(result.inputRequests)

test.each([
  ['elicit', 'elicitation/create', NAMED],
  [
    'sample',
    'sampling/createMessage',
    { role: 'assistant', content: { type: 'text', text: 'hi' }, model: 'm' },
  ],
  ['roots', 'roots/list', { roots: [{ uri: 'file:///work' }] }],
] as const)(
  'modern.asked: %s: the client is asked, and its answer reaches the tool',
  async (name, method, answer) => {
    const client = new ModernClient({ ...(await asked()), capabilities: ALL })
    const first = await client.call(name)
    expect(first.result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) })
    const [key = ''] = keysOf(first)
    expect(first.result.inputRequests[key]).toMatchObject({ method, params: expect.any(Object) })
    expect(first.result.inputRequests[key]).not.toHaveProperty('id')
    const second = await again(client, name, first, { [key]: answer, unknown: {} })
    expect(second.result.resultType).toBe('complete')
    expect(JSON.parse(textOf(second) ?? '')).toEqual(answer)
  },
)

test.each([
  ['names none any more', 'debug', undefined, 0],
  ['names one now', undefined, 'debug', 1],
])(
  'modern.again: a retry that %s hears of the log what it asks for itself',
  async (_, before, now, heard) => {
    const client = new ModernClient({ ...(await asked()), capabilities: ALL })
    const first = await client.call('askAndLog', {}, level(before))
    const params = {
      name: 'askAndLog',
      arguments: {},
      inputResponses: { [keysOf(first)[0] ?? '']: NAMED },
      requestState: first.result.requestState,
    }
    const { messages, response } = await client.request('tools/call', params, level(now))
    expect(JSON.parse(textOf(response) ?? '')).toEqual(NAMED)
    expect(messages).toHaveLength(heard + 1)
  },
)

test('modern.again: what is left unanswered is asked again, and each round has a state of its own', async () => {
  const client = new ModernClient({ ...(await asked()), capabilities: ALL })
  const first = await client.call('elicit')
  const second = await again(client, 'elicit', first, { wrong: NAMED })
  expect(second.result.resultType).toBe('input_required')
  expect(keysOf(second)).toEqual(keysOf(first))
  expect(second.result.requestState).not.toBe(first.result.requestState)
  // A value that is no answer counts as none.
  const third = await again(client, 'elicit', second, { [keysOf(second)[0] ?? '']: 12345 })
  expect(third.result.resultType).toBe('input_required')
  const last = await again(client, 'elicit', third, { [keysOf(third)[0] ?? '']: NAMED })
  expect(last.result.resultType).toBe('complete')
})

test('what is asked at once comes as one', async () => {
  const server = await embedded({ command: fixture('conformance-server') }, {})
  const client = new ModernClient({ ...server, capabilities: ALL })
  const first = await client.call('test_input_required_result_multiple_inputs')
  const methods = Object.values<{ method: string }>(first.result.inputRequests).map(({ method }) => method)
  expect(methods.toSorted()).toEqual(['elicitation/create', 'roots/list', 'sampling/createMessage'])
})

test('modern.capabilities: a client is never asked what it has not said that it takes', async () => {
  const client = new ModernClient({ ...(await asked()), capabilities: { roots: {} } })
  const { result } = await client.call('elicit')
  expect(result.resultType).toBe('complete')
  expect(result.content[0].text).toContain('does not take elicitation/create')
})

test('modern.state: a state that is tampered with, used already, of another client or of another request is refused', async () => {
  const bridge = await asked()
  const client = new ModernClient({ ...bridge, capabilities: ALL })
  const other = new ModernClient({ ...bridge, capabilities: ALL, name: 'other' })
  const first = await client.call('elicit')
  const answers = { [keysOf(first)[0] ?? '']: NAMED }
  const forged = { ...first, result: { ...first.result, requestState: `${first.result.requestState}x` } }
  const refused = [
    await again(client, 'elicit', forged, answers),
    await again(other, 'elicit', first, answers),
    await again(client, 'roots', first, answers),
    await again(client, 'elicit', first, answers, { message: 'Another?' }),
  ]
  expect(refused.map(({ error }) => [error?.code, error?.data.code])).toEqual(
    Array.from({ length: 4 }, () => [-32602, 'request_state_invalid']),
  )
  // None of them has touched the call.
  expect((await again(client, 'elicit', first, answers)).result.resultType).toBe('complete')
  expect((await again(client, 'elicit', first, answers)).error?.data.code).toBe('request_state_invalid')
})

test('modern.left: a call whose client does not come back is given up, and its tool is told', async () => {
  const bridge = await asked({ parkMs: 200 })
  const client = new ModernClient({ ...bridge, capabilities: ALL })
  const first = await client.call('elicit')
  await eventually(async () => textOf(await client.call('heard'))?.includes('notifications/cancelled'), {
    what: 'the cancellation of the call',
  })
  const late = await again(client, 'elicit', first, { [keysOf(first)[0] ?? '']: NAMED })
  expect(late.error?.data.code).toBe('request_state_invalid')
})

test('calls that wait for their client count as calls of it', async () => {
  const client = new ModernClient({ ...(await asked({}, { maxCalls: 20 })), capabilities: ALL })
  let last: RpcResponse | undefined
  for (let i = 0; i < 20; i++) {
    last = await client.call('elicit')
    expect(last.result.resultType).toBe('input_required')
  }
  expect((await client.call('elicit')).error?.data.code).toBe('quota_exceeded')
  const answered = await again(client, 'elicit', last!, { [keysOf(last!)[0] ?? '']: NAMED })
  expect(answered.result.resultType).toBe('complete')
  expect((await client.call('elicit')).result.resultType).toBe('input_required')
})

test('a question that the tool takes back is not put', async () => {
  const client = new ModernClient({ ...(await asked()), capabilities: ALL })
  const { result } = await client.call('changeMind')
  expect(result.resultType).toBe('complete')
})

test('shared: whose call it is about is known, or the tool is refused', async () => {
  const bridge = await asked({}, { children: 'shared' })
  const client = new ModernClient({ ...bridge, capabilities: ALL })
  const other = new ModernClient({ ...bridge, capabilities: ALL, name: 'other' })
  const first = await client.call('elicit')
  expect(first.result.resultType).toBe('input_required')
  const refused = await other.call('elicit')
  expect(textOf(refused)).toContain('cannot be told which client')
  const answers = { [keysOf(first)[0] ?? '']: NAMED }
  expect((await again(client, 'elicit', first, answers)).result.resultType).toBe('complete')
})

test('a page that has to be opened first is a question, and the call begins anew', async () => {
  const bridge = await asked()
  const client = new ModernClient({ ...bridge, capabilities: { elicitation: { form: {}, url: {} } } })
  const { result } = await client.call('needsPage')
  expect(result).toMatchObject({
    resultType: 'input_required',
    inputRequests: {
      'elicitation-1': {
        method: 'elicitation/create',
        params: { mode: 'url', url: 'https://example.com/login', message: 'Log in' },
      },
    },
  })
  const params = {
    name: 'needsPage',
    arguments: {},
    inputResponses: { 'elicitation-1': { action: 'accept' } },
  }
  const { response } = await client.request('tools/call', params)
  expect(textOf(response)).toBe('visited')
})

test('a client that opens no pages is told what it lacks', async () => {
  const client = new ModernClient({ ...(await asked()), capabilities: { elicitation: {} } })
  const { status, response } = await client.request('tools/call', { name: 'needsPage', arguments: {} })
  expect([status, response.error?.code, response.error?.data.requiredCapabilities]).toEqual([
    400,
    -32021,
    { elicitation: { url: {} } },
  ])
})
