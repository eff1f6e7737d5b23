// What `verify` of the stack says of a real LiteLLM, when all is well and when it is not; here without containers.
import { fixture, startBridge, type RunningBridge } from '@mcp-bridge/testkit'
import { table, verify, type Finding, type StackTool } from '@mcp-bridge/toolkit/stack'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { installLiteLLM, KEY, LiteLLM, type McpServer } from '../litellm/litellm.ts'
import { newest, stable, type Version } from '../litellm/versions.ts'

const TOKEN = 'token-of-gateway'
const LEAST = ['echo', 'look']

let bridge: RunningBridge

nothingLeft(afterAll)

beforeAll(async () => {
  const options = ['--compat', 'litellm', '--children', 'shared', '--token', TOKEN]
  bridge = await startBridge([
    ...options,
    ...LEAST.flatMap((tool) => ['--tools-allow', tool]),
    '--',
    ...fixture('odd-tools'),
  ])
})

afterAll(() => bridge.stop())

test.for([stable, newest])('$version: all is well', async (version) => {
  const findings = await verified({}, new Map(), LEAST, version)
  expect(table(findings)).toContain(`All ${findings.length} checks passed.`)
  expect(checks(findings)).toEqual(['litellm', 'discovery', 'call', 'model', 'closed', 'failure'])
})

test('a wrong token', async () => {
  const reached = { alias: 'odd', url: bridge.url('/sse'), status: 401, reason: 'Unauthorized' }
  const findings = await verified({ auth_value: 'wrong' }, new Map([['reached', JSON.stringify(reached)]]))
  expect(table(findings)).toContain('the bridge of odd-tools refuses the token that LiteLLM sends')
  expect(table(findings)).toContain('MCP_ODD_TOKEN in .env')
})

test('a mistyped alias', async () => {
  const findings = await verified({ alias: 'odt' })
  expect(table(findings)).toContain('LiteLLM has no server with the alias "odd", but one called "odt"')
  expect(table(findings)).toContain('write "alias: odd" into the entry for odd-tools')
})

test('a tool that is missing, and one too many', async () => {
  const findings = await verified({}, new Map(), ['echo', 'other'])
  expect(table(findings)).toContain('2 tools instead of 2; missing: odd-other; not expected: odd-look')
})

/** One LiteLLM with one server, as `verify` finds it. */
async function verified(
  wrong: Partial<McpServer>,
  facts: ReadonlyMap<string, string> = new Map(),
  least = LEAST,
  version: Version = stable,
): Promise<Finding[]> {
  const odd: McpServer = {
    alias: 'odd',
    url: bridge.url('/sse'),
    transport: 'sse',
    auth_type: 'bearer_token',
    auth_value: TOKEN,
    ...wrong,
  }
  const litellm = await LiteLLM.start(await installLiteLLM(version), {
    servers: { odd },
    models: { selftest: { tool: 'odd-look', args: {} } },
  })
  onTestFinished(() => litellm.stop('SIGKILL'))
  const tools: StackTool[] = [
    {
      service: 'odd-tools',
      alias: 'odd',
      tokenVariable: 'MCP_ODD_TOKEN',
      least,
      isExact: true,
      call: { tool: 'echo', arguments: { text: 'hello' }, contains: 'hello' },
    },
  ]
  return verify({ url: litellm.url, masterKey: undefined, key: KEY, tools, facts })
}

function checks(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ check }) => check))]
}
