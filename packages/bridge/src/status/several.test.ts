import { expect, test } from 'vitest'
import type { ToolLook } from '../tool/look.ts'
import { clientKeyOf } from './connect.ts'
import { statusPage } from './page.ts'
import { viewFor, type StatusTool } from './view.ts'
import type { Viewer } from './viewer.ts'

function tool(name: string, changed: Partial<ToolLook> = {}): { tool: StatusTool; look: ToolLook } {
  const look: ToolLook = {
    state: 'ready',
    reason: undefined,
    why: undefined,
    children: 'session',
    era: undefined,
    report: undefined,
    processes: [],
    sessions: [],
    failures: [],
    minutes: [],
    changes: undefined,
    suspicions: [],
    ...changed,
  }
  const paths = { mcpPath: `/${name}/mcp`, ssePath: `/${name}/sse` }
  return {
    tool: { name, isFor: () => true, command: 'node', paths, look: () => Promise.resolve(look) },
    look,
  }
}

const TOOLS = [
  tool('git'),
  tool('web', {
    state: 'failing',
    reason: 'told to all',
    why: { message: 'told to the operator', hint: undefined, stderr: ['no key'] },
  }),
  tool('later', { state: 'idle', reason: 'it is started with the first request' }),
]
const OWN: Viewer = { sees: 'own', principal: 'alice', ownerKey: 'alice' }

test('the status is that of the tool that is worst off, or of the whole', () => {
  expect(viewFor({ sees: 'all' }, TOOLS, undefined).status).toBe('failing')
  expect(viewFor({ sees: 'all' }, [], undefined).status).toBe('ready')
  const draining = { status: 'draining', reason: 'the bridge is shutting down' } as const
  expect(viewFor(OWN, TOOLS, draining)).toMatchObject(draining)
  expect(viewFor({ sees: 'states' }, TOOLS, draining)).not.toHaveProperty('reason')
})

const reasons = (viewer: Viewer) =>
  viewFor(viewer, TOOLS, undefined).tools.map(({ details }) => [details?.reason, details?.stderr])

test('a reason is told to the operator with what was said, to others as all may know it', () => {
  expect(reasons({ sees: 'all' })[1]).toEqual(['told to the operator', ['no key']])
  expect(reasons(OWN)[1]).toEqual(['told to all', undefined])
  expect(reasons({ sees: 'states' })[1]).toEqual([undefined, undefined])
})

test('several tools are listed first, each with a link to its own part, its paths and its name', () => {
  const view = viewFor({ sees: 'all' }, TOOLS, undefined)
  const page = statusPage(view, { address: 'http://127.0.0.1:8000', hasTokens: true, canLeave: false })
  expect(page).toContain('Tools: 1 ready, 1 failing, 1 idle')
  for (const [i, name] of ['git', 'web', 'later'].entries()) {
    expect(page).toContain(`<a href="#t${i}">${name}</a>`)
    expect(page).toContain(`<section id="t${i}"`)
    expect(page).toContain(
      `claude mcp add --transport http ${name} http://127.0.0.1:8000/${name}/mcp --header`,
    )
  }
  expect(new Set(page.match(/ id="[^"]+"/g)).size).toBe(page.match(/ id="[^"]+"/g)?.length)
})

test.each([
  ['mcp-servers/everything', 'everything'],
  ['a b; rm -rf /', 'tool'],
  ['$(reboot)', 'reboot-'],
  ['--scope', 'scope'],
  ['💥', 'tool'],
])('%s is called %s, which a shell reads as one word', (name, key) => {
  expect(clientKeyOf(name)).toBe(key)
})
