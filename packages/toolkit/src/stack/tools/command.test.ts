import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseComposeFile } from '../compose-file.ts'
import { Folder } from '../folder.ts'
import { addToolsCommand } from './command.ts'

const root = mkdtempSync(join(tmpdir(), 'mcp-bridge-stack-'))
afterAll(() => rmSync(root, { recursive: true }))

const STACK = {
  services: {
    postgres: {},
    litellm: {},
    time: { labels: { 'mcp-bridge.tool': 'time' } },
    // As it was called when the name of a package was the name of its service.
    git: { labels: { 'mcp-bridge.tool': 'git' }, networks: { 'way-out': null } },
  },
}

interface Stack {
  folder: Folder
  change: (...args: string[]) => Promise<string>
  /** Puts a version of time into the catalogue. */
  list: (version: string) => void
}

function stack(): Stack {
  const folder = new Folder(mkdtempSync(join(root, 'stack-')))
  folder.write('services: { base: { image: "mcp-bridge-base:0.1.0" } }', 'images', 'images.yaml')
  folder.write('mcp_servers: {}\n', 'config', 'litellm.yaml')
  folder.writeSecret('POSTGRES_PASSWORD=x\n', '.env')
  folder.write('services: { caddy: {} }\n', 'proxy', 'compose.yaml')
  for (const name of ['postgres', 'caddy', 'notes', 'time', 'git']) {
    folder.write(recipe(name, '1'), `of-${name}`, 'recipe.yaml')
    folder.write('#!/bin/sh\n', `of-${name}`, 'lock', 'program')
  }
  folder.write(recipe('time', '1'), 'images', 'time', 'recipe.yaml')
  folder.write('#!/bin/sh\n', 'images', 'time', 'lock', 'program')
  const catalogue = new Folder(mkdtempSync(join(root, 'catalogue-')))
  const list = (version: string) => {
    catalogue.write(recipe('time', version), 'time', 'recipe.yaml')
    catalogue.write('#!/bin/sh\n', 'time', 'lock', 'program')
  }
  return { folder, list, change: (...args) => changed(folder, catalogue, args) }
}

function recipe(name: string, version: string): string {
  return `name: ${name}\ntitle: X\ndescription: d\nruntime: binary\nversion: "${version}"\nentry: program\nnetwork: none\nchildren: shared\n`
}

/** What the command says. */
async function changed(folder: Folder, catalogue: Folder, args: readonly string[]): Promise<string> {
  let said = ''
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  const written = parseComposeFile(folder.read('added', 'time', 'compose.yaml'))
  const time = { ...STACK.services.time, image: written.services?.['time']?.image ?? 'mcp-time:1-x' }
  const compose = JSON.stringify({ services: { ...STACK.services, time } })
  const facts = new Map([
    ['compose', compose],
    ['all', compose],
    ['env', 'KEY=from the environment\n'],
  ])
  const gateway = { restTools: async () => ['git-a', 'time-b'] }
  const context = { folder, catalogue, facts, gateway }
  addToolsCommand(
    program,
    async () => context,
    (text) => (said = text),
  )
  await program.parseAsync(['tools', ...args], { from: 'user' })
  return said
}

test.for([
  ['postgres', 'mcp-postgres', 'mcp_postgres'],
  ['caddy', 'mcp-caddy', 'mcp_caddy'],
  ['notes', 'mcp-notes', 'notes'],
] as const)('%s of a stranger becomes %s', async ([name, service, alias]) => {
  const { folder, change } = stack()
  await change('add', `of-${name}`)
  expect(folder.list('added')).toEqual([service])
  const { services } = parse(folder.read('added', service, 'compose.yaml')) as { services: object }
  expect(Object.keys(services).toSorted()).toEqual(['caddy', 'litellm', 'prometheus', service].toSorted())
  expect(folder.read('run', 'orders')).toContain(`service ${service}\nalias ${alias}\n`)
})

test.for([
  [['of-notes', '--name', 'postgres'], 'the service postgres is a name of the stack itself'],
  [['of-notes', '--alias', 'postgres'], 'the alias postgres is a name of the stack itself'],
  [['of-time'], 'time is there already: ./tools update time'],
  [['of-git'], 'git is there already: ./tools update git'],
] as const)('add %s is refused', async ([args, message]) => {
  const { folder, change } = stack()
  await expect(change('add', ...args)).rejects.toThrow(message)
  expect(folder.list('added')).toEqual([])
})

test('a value that is not handed over beside the arguments is none', async () => {
  const { folder, change } = stack()
  await expect(change('add', 'of-notes', '--env', 'OTHER=x')).rejects.toThrow('"OTHER=x" sets no variable')
  await expect(change('add', 'of-notes', '--env', 'KEY')).rejects.toThrow('the tool knows no KEY')
  expect(folder.list('added')).toEqual([])
})

test('a tool that comes from the catalogue follows it; without anything new an update does nothing', async () => {
  const { folder, change, list } = stack()
  list('2')
  expect(await change('outdated')).toMatch(/^time +1 +2 +\.\/tools update time$/m)
  expect(orders(folder)).toEqual(['unknown git', 'update time'])
  await change('update', 'time')
  expect(orders(folder)).toContain('step 1 → 2')
  const file = folder.read('added', 'time', 'compose.yaml')
  for (const words of [['time'], ['time', '2']]) {
    expect(await change('update', ...words)).toBe('time is at 2 already')
    expect(orders(folder)).toEqual([])
  }
  expect(await change('outdated')).toMatch(/^time +2 +2$/m)
  expect(folder.read('added', 'time', 'compose.yaml')).toBe(file)
  expect(folder.list('added', '.previous', 'time')).toEqual(['1'])
})

test('the same version on another bridge is another image', async () => {
  const { folder, change, list } = stack()
  list('2')
  await change('update', 'time')
  folder.write('services: { base: { image: "mcp-bridge-base:0.2.0" } }', 'images', 'images.yaml')
  expect(await change('outdated')).toMatch(
    /^time +2 +2 +\.\/tools update time \(the same version, built anew\)$/m,
  )
  await change('update', 'time')
  expect(orders(folder)).toContain('step 2, built anew')
})

test('of the images those are needed that run, and those of every step back', async () => {
  const { folder, change, list } = stack()
  list('2')
  await change('update', 'time')
  const before = orders(folder).find((line) => line.startsWith('image '))
  list('3')
  await change('update', 'time')
  await change('needed')
  expect(orders(folder)).toHaveLength(2)
  expect(orders(folder)).toContain(before)
})

test('who may use a new tool, and what it can reach', async () => {
  const { folder, change } = stack()
  folder.write(
    'services: { git: { networks: { tool-git: {}, way-out: {} } } }',
    'added',
    'git',
    'compose.yaml',
  )
  expect(await change('access', 'git')).toBe(
    'Everybody with a key may use all its 1 tools: people/git/bridge.yaml shortens that, below "gateway".\nIt has a way out to the Internet, through egress; private addresses are refused.',
  )
})

function orders(folder: Folder): string[] {
  return folder
    .read('run', 'orders')
    .split('\n')
    .filter((line) => line !== '')
}
