import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { composeFiles } from './env-file.ts'
import { checkRecipe } from '../../recipe/read.ts'
import { Folder } from '../folder.ts'
import { addTool, removeTool, rollbackTool, updateTool, type PreparedTool } from './change.ts'
import { stepsBack } from './history.ts'
import { undo } from './snapshot.ts'
import { reservedNames } from './reserved-names.ts'

const root = mkdtempSync(join(tmpdir(), 'mcp-bridge-stack-'))
const folder = new Folder(root)
afterAll(() => rmSync(root, { recursive: true }))

const prepared = (version: string, network = 'none'): PreparedTool => ({
  recipe: checkRecipe({
    name: 'git',
    title: 'git',
    description: 'A repository',
    runtime: 'python',
    package: 'mcp-server-git',
    version,
    entry: 'mcp-server-git',
    network,
    children: 'session',
    volumes: [{ path: '/repo', description: 'the repository' }],
    secrets: [{ name: 'GIT_KEY', description: 'a key' }],
    tools: ['git_log', 'git_status'],
    call: { tool: 'git_log', expect: 'commit' },
  }),
  image: `mcp-bridge/git:${version}`,
  files: new Map<string, string | Buffer>([
    ['Dockerfile', `# ${version}\n`],
    ['lock/requirements.txt', Buffer.from('x')],
  ]),
})
const options = (more = {}) => ({
  service: 'git',
  alias: 'git',
  variables: new Map([['GIT_KEY', 'it $ecret']]),
  present: [{ service: 'time', alias: 'time' }],
  taken: reservedNames(folder, ''),
  ...more,
})
const NAMED = { service: 'git', alias: 'git' }

beforeEach(() => {
  for (const name of folder.list()) folder.remove(name)
  folder.writeSecret('LITELLM_MASTER_KEY=sk-1\nCOMPOSE_PROFILES=db,tools\n', '.env')
  folder.write('mcp_servers:\n  time:\n    alias: time\n', 'config', 'litellm.yaml')
  folder.write('gateway:t\n', 'people', 'time', 'tokens')
})

test('added: everything the tool needs, in every file', () => {
  addTool(folder, prepared('1.0.0', 'open'), options())
  finish()
  const env = folder.read('.env')
  const token = /^MCP_GIT_TOKEN=([0-9a-f]{64})$/m.exec(env)?.[1]
  expect(env).toContain("MCP_GIT_GIT_KEY='it $ecret'\n")
  expect(env).toContain('COMPOSE_FILE=docker-compose.yml:added/git/compose.yaml\n')
  expect(statSync(folder.path('.env')).mode & 0o777).toBe(0o600)
  expect(folder.read('people', 'git', 'tokens')).toBe(`gateway:${token}\n`)
  expect(parse(folder.read('people', 'git', 'bridge.yaml'))).toEqual({
    clients: { gateway: { 'tools-allow': ['git_log', 'git_status'] } },
  })
  expect(parse(folder.read('config', 'litellm.yaml'))).toMatchObject({
    mcp_servers: { time: { alias: 'time' }, git: { url: 'http://git:8000/sse' } },
  })
  expect(folder.read('added', 'git', 'lock', 'requirements.txt')).toBe('x')
  const compose = folder.read('added', 'git', 'compose.yaml')
  expect(parse(compose.replace('!reset ', ''))).toMatchObject({
    services: {
      egress: { profiles: [] },
      git: {
        image: 'mcp-bridge/git:1.0.0',
        read_only: true,
        cap_drop: ['ALL'],
        environment: { GIT_KEY: '${MCP_GIT_GIT_KEY:?is missing in .env}', MCP_BRIDGE_CHILDREN: 'shared' },
        networks: { 'tool-git': {}, 'way-out': {} },
        volumes: expect.arrayContaining(['git-0:/repo']),
      },
      litellm: {
        environment: { MCP_GIT_TOKEN: '${MCP_GIT_TOKEN:?is missing in .env}' },
        networks: ['tool-git'],
      },
    },
    networks: { 'tool-git': { internal: true } },
    volumes: { 'git-0': {} },
  })
})

test('taken back, or removed: no trace', () => {
  const before = contents()
  addTool(folder, prepared('1.0.0'), options())
  expect(undo(folder)).toBe('git')
  expect(contents()).toEqual(before)
  expect(undo(folder)).toBeUndefined()
  addTool(folder, prepared('1.0.0'), options())
  removeTool(folder, NAMED)
  finish()
  expect(contents()).toEqual(before)
})

test('updated, and back step by step', () => {
  addTool(folder, prepared('1.0.0'), options())
  finish()
  const states = [contents()]
  for (const version of ['2.0.0', '3.0.0']) {
    updateTool(folder, prepared(version), NAMED)
    finish()
    states.push(contents())
  }
  const compose = states.map((state) => state['added/git/compose.yaml'] ?? '')
  expect(compose[2]).toBe(compose[0]?.replace('git:1.0.0', 'git:3.0.0'))
  updateTool(folder, prepared('4.0.0'), NAMED)
  expect(undo(folder)).toBe('git')
  for (const state of states.toReversed()) {
    expect(contents()).toEqual(state)
    if (state === states[0]) break
    rollbackTool(folder, 'git')
    finish()
  }
  expect(() => rollbackTool(folder, 'git')).toThrow('nothing that git could go back to')
})

test('of many steps the last five are kept', () => {
  addTool(folder, prepared('1.0.0'), options())
  for (const n of [2, 3, 4, 5, 6, 7]) updateTool(folder, prepared(`${n}.0.0`), NAMED)
  const versions = stepsBack(folder, 'git').map((step) => folder.read(...step, 'Dockerfile').trim())
  expect(versions).toEqual(['# 6.0.0', '# 5.0.0', '# 4.0.0', '# 3.0.0', '# 2.0.0'])
})

test('a tool of docker-compose.yml gets another image, and goes back to its own', () => {
  const before = contents()
  updateTool(folder, { ...prepared('2.0.0'), image: 'mcp-bridge/time:2' }, { service: 'time', alias: 'time' })
  expect(parse(folder.read('added', 'time', 'compose.yaml'))).toEqual({
    services: { time: { image: 'mcp-bridge/time:2' } },
  })
  expect(() => removeTool(folder, { service: 'time', alias: 'time' })).toThrow('COMPOSE_PROFILES')
  rollbackTool(folder, 'time')
  finish()
  expect(contents()).toEqual(before)
  expect(() => rollbackTool(folder, 'time')).toThrow('was not updated here')
})

test('what Compose is told of is there at every moment of a change, and of its undoing', () => {
  const { folder: watched, check } = checkedAtEachWrite()
  addTool(watched, prepared('1.0.0'), options())
  updateTool(watched, prepared('2.0.0'), NAMED)
  undo(watched)
  updateTool(watched, prepared('2.0.0'), NAMED)
  rollbackTool(watched, 'git')
  removeTool(watched, NAMED)
  undo(watched)
  expect(check()).toBeGreaterThan(40)
})

test('a snapshot that was cut short undoes nothing', () => {
  addTool(folder, prepared('1.0.0'), options())
  finish()
  const before = contents()
  updateTool(folder, prepared('2.0.0'), NAMED)
  undo(folder)
  folder.write('half', 'run', 'undo', 'files', '.env')
  expect(undo(folder)).toBeUndefined()
  expect(contents()).toEqual(before)
})

test('a tool from before its names had something in front is updated and removed under its own', () => {
  addTool(folder, prepared('1.0.0'), options())
  finish()
  for (const path of ['.env', 'added/git/compose.yaml', 'config/litellm.yaml'])
    folder.writeSecret(folder.read(path).replaceAll('MCP_GIT_', 'GIT_'), path)
  updateTool(folder, prepared('2.0.0'), NAMED)
  const compose = folder.read('added', 'git', 'compose.yaml')
  expect(compose).toContain('GIT_TOKEN: ${GIT_TOKEN:?')
  expect(compose).toContain('GIT_KEY: ${GIT_GIT_KEY:?')
  removeTool(folder, NAMED)
  expect(folder.read('.env')).toBe('LITELLM_MASTER_KEY=sk-1\nCOMPOSE_PROFILES=db,tools\n')
})

test('what is kept to be taken back is for the owner alone', () => {
  addTool(folder, prepared('1.0.0'), options())
  finish()
  chmodSync(folder.path('run'), 0o755)
  updateTool(folder, prepared('2.0.0'), NAMED)
  expect(mode('run', 'undo', 'files', 'people', 'git', 'tokens')).toBe(0o644)
  expect(mode('run')).toBe(0o700)
  undo(folder)
  expect([mode('people', 'git'), mode('people', 'git', 'tokens'), mode('.env')]).toEqual([
    0o755, 0o644, 0o600,
  ])
})

describe('names of the stack', () => {
  const STACK = `
services:
  postgres: { environment: { P: '\${POSTGRES_PASSWORD:?}' }, networks: { db-net: { aliases: [store] } } }
  hidden: { profiles: [rare], container_name: by-hand, environment: { K: '\${MCP_RARE_API_KEY:-}' } }
  egress: { profiles: !reset [] }
networks: { tool-db: {}, db-net: }
volumes: { git-0: {} }
`
  beforeEach(() => {
    folder.write(STACK, 'docker-compose.yml')
    folder.write('services: { caddy: {} }', 'proxy', 'compose.yaml')
    folder.writeSecret('MCP_GIT_HUB_TOKEN=x\nMODEL_API_BASE=http://ollama:11434\n', '.env')
  })

  test.for<[string, object, string]>([
    ['a service', { service: 'postgres' }, 'the service postgres is a name of the stack itself'],
    ['one of the proxy, which is not asked for', { service: 'caddy' }, 'the service caddy is'],
    ['one of a profile that is off', { service: 'hidden' }, 'the service hidden is'],
    ['one that includes another file', { service: 'included' }, 'the service included is'],
    ['another name of one', { service: 'store' }, 'the service store is'],
    ['a name by which all reach it', { service: 'x', alias: 'postgres' }, 'the alias postgres is'],
    ['a container', { service: 'by-hand' }, 'the service by-hand is'],
    ['a host of the settings', { service: 'x', alias: 'ollama' }, 'the alias ollama is'],
    ['a network', { service: 'db' }, 'the network tool-db is'],
    ['a volume', {}, 'the volume git-0 is'],
    ['a variable of .env', { service: 'x', alias: 'git_hub' }, 'the variable MCP_GIT_HUB_TOKEN is'],
    [
      'one that a file asks for',
      { service: 'x', alias: 'rare', tool: 'API_KEY' },
      'the variable MCP_RARE_API_KEY is',
    ],
  ])('%s is not given away', ([, { tool, ...more }, message]: [string, { tool?: string }, string]) => {
    const before = contents()
    const secrets = [{ name: tool ?? 'GIT_KEY', description: 'a key' }]
    const made = prepared('1.0.0')
    const recipe = checkRecipe({ ...made.recipe, secrets })
    const taken = reservedNames(folder, '{"services":{"included":{}}}')
    const variables = new Map([[tool ?? 'GIT_KEY', 'v']])
    expect(() => addTool(folder, { ...made, recipe }, options({ taken, variables, ...more }))).toThrow(
      message,
    )
    expect(contents()).toEqual(before)
  })
})

test('refused before anything has changed', () => {
  const before = contents()
  refused({ alias: 'git-hub' }, 'is no alias')
  refused({ service: '../git' }, 'is no name of a service')
  refused({ alias: 'time' }, 'the alias time is taken')
  refused({ service: 'time', alias: 'clock' }, 'time is there already')
  refused({ variables: new Map() }, '--env GIT_KEY (a key)')
  refused(
    {
      variables: new Map([
        ['GIT_KEY', 'x'],
        ['OTHER', 'y'],
      ]),
    },
    'knows no OTHER',
  )
  expect(() => rollbackTool(folder, 'git')).toThrow('was not updated here')
  expect(contents()).toEqual(before)
})

/** As the shell does when the tool has passed its verification. */
function finish(): void {
  folder.remove('run', 'undo')
}

/** The stack's folder, which after each of its changes asks what Compose would be told then. */
function checkedAtEachWrite(): { folder: Folder; check: () => number } {
  let changes = 0
  const check = () => {
    const named = composeFiles(folder.read('.env')).filter((file) => file !== 'docker-compose.yml')
    for (const file of named) expect(parse(folder.read(file))).toMatchObject({ services: { git: {} } })
    return (changes += 1)
  }
  const methods = ['write', 'writeSecret', 'copy', 'remove'] as const
  const watched = new Folder(root)
  for (const method of methods) {
    const real = watched[method].bind(watched) as (...args: unknown[]) => void
    watched[method] = (...args: unknown[]) => {
      real(...args)
      check()
    }
  }
  return { folder: watched, check }
}

function mode(...path: string[]): number {
  return statSync(folder.path(...path)).mode & 0o777
}

function refused(more: object, message: string): void {
  expect(() => addTool(folder, prepared('1.0.0'), options(more))).toThrow(message)
}

/** Every file of the stack, but for what a change leaves to be taken back. */
function contents(): Record<string, string> {
  finish()
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [relative(root, path), readFileSync(path, 'utf8')]
    }),
  )
}
