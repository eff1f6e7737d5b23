import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { checkRecipe } from '../../recipe/read.ts'
import { Folder } from '../folder.ts'
import { addTool, removeTool, rollbackTool, updateTool, type Prepared } from './change.ts'
import { keep, undo } from './snapshot.ts'

const root = mkdtempSync(join(tmpdir(), 'mcp-bridge-stack-'))
const folder = new Folder(root)
afterAll(() => rmSync(root, { recursive: true }))

const prepared = (version: string, network = 'none'): Prepared => ({
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
const wish = (more = {}) => ({
  service: 'git',
  alias: 'git',
  variables: new Map([['GIT_KEY', 'it $ecret']]),
  present: [{ service: 'time', alias: 'time' }],
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
  addTool(folder, prepared('1.0.0', 'open'), wish())
  keep(folder)
  const env = folder.read('.env')
  const token = /^GIT_TOKEN=([0-9a-f]{64})$/m.exec(env)?.[1]
  expect(env).toContain("GIT_GIT_KEY='it $ecret'\n")
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
        environment: { GIT_KEY: '${GIT_GIT_KEY:?is missing in .env}', MCP_BRIDGE_CHILDREN: 'shared' },
        networks: { 'tool-git': {}, 'way-out': {} },
        volumes: expect.arrayContaining(['git-0:/repo']),
      },
      litellm: {
        environment: { GIT_TOKEN: '${GIT_TOKEN:?is missing in .env}' },
        networks: ['tool-git'],
      },
    },
    networks: { 'tool-git': { internal: true } },
    volumes: { 'git-0': {} },
  })
})

test('taken back, or removed: no trace', () => {
  const before = contents()
  addTool(folder, prepared('1.0.0'), wish())
  expect(undo(folder)).toBe('git')
  expect(contents()).toEqual(before)
  expect(undo(folder)).toBeUndefined()
  addTool(folder, prepared('1.0.0'), wish())
  removeTool(folder, NAMED)
  keep(folder)
  expect(contents()).toEqual(before)
})

test('updated, back, and back again', () => {
  addTool(folder, prepared('1.0.0'), wish())
  const first = folder.read('added', 'git', 'compose.yaml')
  updateTool(folder, prepared('2.0.0'), NAMED)
  const second = folder.read('added', 'git', 'compose.yaml')
  expect(second).toBe(first.replace('git:1.0.0', 'git:2.0.0'))
  rollbackTool(folder, 'git')
  expect(folder.read('added', 'git', 'compose.yaml')).toBe(first)
  expect(folder.read('added', 'git', 'Dockerfile')).toBe('# 1.0.0\n')
  rollbackTool(folder, 'git')
  expect(folder.read('added', 'git', 'compose.yaml')).toBe(second)
  const updated = contents()
  updateTool(folder, prepared('3.0.0'), NAMED)
  undo(folder)
  expect(contents()).toEqual(updated)
})

test('a tool of docker-compose.yml gets another image, and goes back to its own', () => {
  const before = contents()
  updateTool(folder, { ...prepared('2.0.0'), image: 'mcp-bridge/time:2' }, { service: 'time', alias: 'time' })
  expect(parse(folder.read('added', 'time', 'compose.yaml'))).toEqual({
    services: { time: { image: 'mcp-bridge/time:2' } },
  })
  expect(() => removeTool(folder, { service: 'time', alias: 'time' })).toThrow('COMPOSE_PROFILES')
  rollbackTool(folder, 'time')
  expect(folder.read('.env')).toBe(before['.env'])
  expect(folder.has('added', 'time')).toBe(false)
  rollbackTool(folder, 'time')
  expect(folder.read('.env')).toContain('added/time/compose.yaml')
})

test('refused before anything has changed', () => {
  const before = contents()
  refused({ alias: 'git-hub' }, 'is no alias')
  refused({ service: '../git' }, 'is no name of a service')
  refused({ alias: 'time' }, 'the alias time is taken')
  refused({ service: 'time', alias: 'clock' }, 'time is there already')
  refused({ variables: new Map() }, '--env GIT_KEY=… (a key)')
  refused(
    {
      variables: new Map([
        ['GIT_KEY', 'x'],
        ['OTHER', 'y'],
      ]),
    },
    'knows no OTHER',
  )
  expect(() => rollbackTool(folder, 'git')).toThrow('never updated')
  expect(contents()).toEqual(before)
})

function refused(more: object, message: string): void {
  expect(() => addTool(folder, prepared('1.0.0'), wish(more))).toThrow(message)
}

/** Every file of the stack, but for what a change leaves to be taken back. */
function contents(): Record<string, string> {
  folder.remove('run', 'undo')
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [relative(root, path), readFileSync(path, 'utf8')]
    }),
  )
}
