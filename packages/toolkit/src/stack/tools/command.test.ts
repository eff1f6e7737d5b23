import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { Folder } from '../folder.ts'
import { changeTools } from './command.ts'

const root = mkdtempSync(join(tmpdir(), 'mcp-bridge-stack-'))
afterAll(() => rmSync(root, { recursive: true }))

const STACK = {
  services: {
    postgres: {},
    litellm: {},
    time: { labels: { 'mcp-bridge.tool': 'time' } },
    // As it was called when the name of a package was the name of its service.
    git: { labels: { 'mcp-bridge.tool': 'git' } },
  },
}

function stack(): { folder: Folder; change: (...args: string[]) => Promise<string> } {
  const folder = new Folder(mkdtempSync(join(root, 'stack-')))
  folder.write('services: { base: { image: "mcp-bridge-base:0.1.0" } }', 'images', 'images.yaml')
  folder.write('mcp_servers: {}\n', 'config', 'litellm.yaml')
  folder.writeSecret('POSTGRES_PASSWORD=x\n', '.env')
  folder.write('services: { caddy: {} }\n', 'proxy', 'compose.yaml')
  for (const name of ['postgres', 'caddy', 'notes', 'time', 'git']) {
    const recipe = `name: ${name}\ntitle: X\ndescription: d\nruntime: binary\nversion: "1"\nentry: program\nnetwork: none\nchildren: shared\n`
    folder.write(recipe, `of-${name}`, 'recipe.yaml')
    folder.write('#!/bin/sh\n', `of-${name}`, 'lock', 'program')
  }
  const facts = new Map([['compose', JSON.stringify(STACK)]])
  return { folder, change: (...args) => changeTools(args, { folder, catalogue: new Folder(root), facts }) }
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
  expect(Object.keys(services).toSorted()).toEqual(['litellm', service])
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
