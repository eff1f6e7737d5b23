import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Folder } from '../folder.ts'
import { namedTools, servicesOf } from '../compose-config.ts'
import { readTools } from './expected.ts'

const root = mkdtempSync(join(tmpdir(), 'mcp-bridge-stack-'))
const folder = new Folder(join(root, 'stack'))
const catalogue = new Folder(join(root, 'catalogue'))
afterAll(() => rmSync(root, { recursive: true }))

const COMPOSE = JSON.stringify({
  services: {
    litellm: {},
    time: { labels: { 'mcp-bridge.tool': 'time' } },
    'postgres-mcp': { labels: { 'mcp-bridge.tool': 'db' } },
  },
})

const recipe = (name: string, tools: string[]) => `
name: ${name}
title: ${name}
description: for this test
runtime: python
package: ${name}
version: 1.0.0
entry: ${name}
network: none
children: shared
tools: [${tools.join(', ')}]
call: { tool: ${tools[0]}, arguments: { a: 1 }, expect: one }
`

test('which services are tools', () => {
  expect(servicesOf(COMPOSE)).toEqual(['litellm', 'postgres-mcp', 'time'])
  expect(namedTools(COMPOSE).map(({ service, alias }) => `${service} ${alias}`)).toEqual([
    'postgres-mcp db',
    'time time',
  ])
  expect(() => servicesOf('no configuration file provided')).toThrow('no configuration file provided')
})

test('what LiteLLM may see: all of the recipe, or what the filter admits', () => {
  catalogue.write(recipe('time', ['now', 'zones']), 'time', 'recipe.yaml')
  folder.write(
    recipe('postgres-mcp', ['list_schemas', 'list_objects', 'execute_sql']),
    'images',
    'postgres-mcp',
    'recipe.yaml',
  )
  folder.write(
    'clients: { gateway: { tools-allow: [list_schemas, list_objects] } }',
    'people',
    'postgres-mcp',
    'bridge.yaml',
  )
  folder.write(
    'mcp_servers: { db: { auth_value: os.environ/DB_TOKEN }, time: { alias: clock, auth_value: os.environ/X } }',
    'config',
    'litellm.yaml',
  )
  expect(readTools(folder, catalogue, COMPOSE)).toEqual([
    {
      service: 'postgres-mcp',
      alias: 'db',
      tokenVariable: 'DB_TOKEN',
      least: ['list_schemas', 'list_objects'],
      isExact: true,
      call: { tool: 'list_schemas', arguments: { a: 1 }, contains: 'one' },
    },
    {
      service: 'time',
      alias: 'time',
      tokenVariable: 'MCP_TIME_TOKEN',
      least: ['now', 'zones'],
      isExact: false,
      call: { tool: 'now', arguments: { a: 1 }, contains: 'one' },
    },
  ])
  folder.write('clients: { gateway: { tools-allow: ["list_*"] } }', 'people', 'postgres-mcp', 'bridge.yaml')
  expect(readTools(folder, catalogue, COMPOSE)[0]).toMatchObject({
    least: ['list_schemas', 'list_objects'],
    isExact: false,
  })
  folder.write(
    'clients: { gateway: { tools-allow: ["list_*", "!list_schemas"] } }',
    'people',
    'postgres-mcp',
    'bridge.yaml',
  )
  expect(readTools(folder, catalogue, COMPOSE)[0]).toMatchObject({ least: ['list_objects'], isExact: false })
})

test('a tool without a recipe', () => {
  catalogue.remove('time')
  expect(() => readTools(folder, catalogue, COMPOSE)).toThrow('the service time has no recipe')
})
