// However deep a request is nested, it is answered or refused for that, whoever asks whom.
import { fixture, MODERN_REVISION, send } from '@mcp-bridge/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable } from '../clients.ts'

nothingLeftAfterEach()

const PREFIX = 'io.modelcontextprotocol/'
/** Read by the bridge, by its grammar, and beyond it. */
const DEPTHS = [1, 900, 1100, 2300, 3900, 4080, 4100, 9000]
/** The message itself, "params" and "arguments". */
const READ = 1000 - 3

function nested(depth: number, isList: boolean): string {
  return isList
    ? `${'['.repeat(depth)}1.0${']'.repeat(depth)}`
    : `${'{"a":'.repeat(depth)}1.0${'}'.repeat(depth)}`
}

function bodyOf(depth: number, isList: boolean, meta: object): string {
  const params = { name: 'echo', arguments: { text: 'hi', deep: 'DEEP' }, _meta: meta }
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  return text.replace('"DEEP"', nested(depth, isList))
}

/** Whether all are answered as far as they are read, and refused by name from there on. */
async function areJudged(post: (body: string) => ReturnType<typeof send>, meta: object): Promise<boolean> {
  const depth = fc.oneof(fc.constantFrom(...DEPTHS), fc.integer({ min: 1, max: 5000 }))
  await fc.assert(
    fc.asyncProperty(depth, fc.boolean(), async (levels, isList) => {
      const { status, body } = await post(bodyOf(levels, isList, meta))
      const { result, error } = JSON.parse(body)
      if (levels <= READ) expect([status, result?.content[0].text]).toEqual([200, 'hi'])
      else expect([status, error?.data.code]).toEqual([400, 'request_invalid'])
    }),
    { numRuns: 40, examples: DEPTHS.map((levels) => [levels, true]) },
  )
  return true
}

test.each([
  ['an older tool', 'asks-client', {}],
  ['a tool of 2026-07-28', 'speaks-modern', {}],
  ['an older tool that may ask', 'asks-client', { elicitation: {} }],
] as const)('deep.modern: %s', async (_, tool, capabilities) => {
  const { port } = await embedded({ command: fixture(tool) }, {})
  const headers = {
    'content-type': 'application/json',
    'mcp-protocol-version': MODERN_REVISION,
    'mcp-method': 'tools/call',
    'mcp-name': 'echo',
  }
  const post = (body: string) => send({ port, path: '/mcp', method: 'POST', headers, body })
  const meta = {
    [`${PREFIX}protocolVersion`]: MODERN_REVISION,
    [`${PREFIX}clientCapabilities`]: capabilities,
  }
  expect(await areJudged(post, meta)).toBe(true)
})

test('deep.session: a client with a session, and a tool of 2026-07-28', async () => {
  const { port } = await embedded({ command: fixture('speaks-modern') }, {})
  const { sessionId = '' } = await openStreamable({ port })
  const headers = { 'content-type': 'application/json', 'mcp-session-id': sessionId }
  const post = (body: string) => send({ port, path: '/mcp', method: 'POST', headers, body })
  expect(await areJudged(post, {})).toBe(true)
})
