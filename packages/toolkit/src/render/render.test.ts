import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { sampleRecipe, sampleTool } from '../recipe/sample.test-data.ts'
import { composeFile } from './compose.ts'
import { isBuildContext, render } from './render.ts'

const options = { bridgeVersion: '0.1.0' }

test('the same in, the same out; the tag is another one as soon as a byte of the image is', () => {
  const { tag, files } = render(sampleTool(), options)
  expect(tag).toMatch(/^mcp-sample:1\.2\.3-[0-9a-f]{12}$/)
  const again = render(sampleTool(), options)
  expect(again.tag).toBe(tag)
  expect([...again.files]).toEqual([...files])
  const tool = sampleTool()
  const others = [
    render(sampleTool({ args: ['other'] }), options),
    render(sampleTool({ title: 'Other' }), options),
    render(tool, { bridgeVersion: '0.1.1' }),
    render({ ...tool, lock: new Map([...tool.lock, ['more', Buffer.from('')]]) }, options),
  ].map((each) => each.tag)
  expect(new Set([tag, ...others]).size).toBe(5)
  // What only Compose reads is no reason to build.
  expect(render(sampleTool({ resources: { memory: '1g', cpus: 2, pids: 64 } }), options).tag).toBe(tag)
})

test('what was accepted of its tools goes into the image, which insists on it', () => {
  const toolsLock = Buffer.from('{"version":1,"tools":{}}')
  const plain = render(sampleTool(), options)
  const locked = render({ ...sampleTool(), toolsLock }, options)
  expect(locked.files.get('tools.lock.json')).toBe(toolsLock)
  expect(locked.files.get('.dockerignore')?.toString()).toMatch(/^!tools\.lock\.json$/m)
  const dockerfile = locked.files.get('Dockerfile')?.toString()
  expect(dockerfile).toContain('COPY --chmod=644 tools.lock.json /opt/mcp-bridge/tools.lock.json\n')
  expect(dockerfile).toContain('MCP_BRIDGE_TOOLS_LOCK="/opt/mcp-bridge/tools.lock.json"')
  expect(isBuildContext('tools.lock.json')).toBe(true)
  const other = render({ ...sampleTool(), toolsLock: Buffer.from('{"version":1,"tools":{"a":{}}}') }, options)
  expect(new Set([plain.tag, locked.tag, other.tag]).size).toBe(3)
  for (const { content } of [...plain.files].map(([, text]) => ({ content: text.toString() })))
    expect(content).not.toMatch(/tools\.lock|TOOLS_LOCK/)
})

test('a service has no right that its recipe does not name', () => {
  const { files } = render(sampleTool({ network: 'none' }), options)
  const { services, networks } = parse(files.get('compose.yaml')?.toString() ?? '') as {
    services: Record<string, Record<string, unknown>>
    networks: object
  }
  expect(networks).toEqual({ tools: { internal: true } })
  const service = services['mcp-sample']
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    networks: ['tools'],
    mem_limit: '1g',
    pids_limit: 256,
  })
  for (const key of ['ports', 'privileged', 'cap_add', 'devices', 'pid', 'network_mode', 'container_name'])
    expect(service).not.toHaveProperty(key)
})

test('a tool of which there may be one cannot be scaled', () => {
  const { files } = render(sampleTool({ instances: 'one', children: 'shared' }), options)
  expect(files.get('compose.yaml')?.toString()).toContain(
    'container_name: ${COMPOSE_PROJECT_NAME}-mcp-sample\n',
  )
  expect(() => sampleTool({ instances: 'one' })).toThrow('must be shared')
})

test('a variable without a value anywhere is not set; a required one is insisted on', () => {
  const environment = [
    { name: 'GIVEN', description: 'x' },
    { name: 'LEVEL', description: 'x', default: 'info' },
    { name: 'NEEDED', description: 'Where', required: true },
    { name: 'PERHAPS', description: 'x' },
  ]
  const file = composeFile(sampleRecipe({ environment }), { tag: 't:1', values: { GIVEN: 'a$b' } })
  expect(file.services['mcp-sample']?.['environment']).toMatchObject({
    GIVEN: 'a$$b',
    LEVEL: '${LEVEL:-info}',
    NEEDED: '${NEEDED:?set NEEDED: Where}',
    PERHAPS: null,
  })
})

test('what is not required is commented out in the example of the secrets', () => {
  const secrets = [
    { name: 'A', description: 'First' },
    { name: 'B', description: 'Second', required: false },
  ]
  const { files } = render(sampleTool({ secrets }), options)
  expect(files.get('secrets/mcp-sample.env.example')).toBe('# First\nA=\n# Second\n# B=\n')
})

test('a file of a secret never takes the place of one of the bridge', () => {
  const secrets = [{ name: 'TOKENS', description: 'x', file: true }]
  expect(() => sampleTool({ secrets })).toThrow('no file of a secret can be called TOKENS')
})

test('two volumes whose last folder is alike are two', () => {
  const volumes = ['/srv/alpha/data', '/srv/beta/data', '/var/lib/state'].map((path) => ({
    path,
    description: 'x',
  }))
  const file = composeFile(sampleRecipe({ volumes }), { tag: 't:1' })
  expect(Object.keys(file.volumes ?? {})).toEqual([
    'mcp-sample-srv-alpha-data',
    'mcp-sample-srv-beta-data',
    'mcp-sample-state',
  ])
  expect(file.services['mcp-sample']?.['volumes']).toEqual([
    'mcp-sample-srv-alpha-data:/srv/alpha/data',
    'mcp-sample-srv-beta-data:/srv/beta/data',
    'mcp-sample-state:/var/lib/state',
  ])
})
