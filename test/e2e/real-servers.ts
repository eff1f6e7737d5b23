// e2e/real-servers: the reference servers, what to ask each, and what it must have said.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { expect } from 'vitest'

/** Method, params, and a progress token where progress is wanted. */
export type Question = readonly [method: string, params?: object, progressToken?: string]

export interface RealServer {
  name: string
  command(folder: string): string[]
  env(folder: string): Record<string, string>
  /** Puts the folder into the state in which each conversation begins. */
  prepare(folder: string): void
  questions(folder: string): Question[]
  /** Uses it as a program would. */
  use(client: Client, folder: string): Promise<void>
}

const bin = (name: string): string =>
  fileURLToPath(new URL(`../node_modules/.bin/mcp-server-${name}`, import.meta.url))
const call = (name: string, args: object = {}): Question => ['tools/call', { name, arguments: args }]

const LISTS: readonly Question[] = [
  ['tools/list'],
  ['prompts/list'],
  ['resources/list'],
  ['resources/templates/list'],
  ['ping'],
]

const everything: RealServer = {
  name: 'server-everything',
  command: () => [bin('everything'), 'stdio'],
  env: () => ({}),
  prepare: () => {},
  questions: () => [
    ...LISTS,
    call('echo', { message: 'žluťoučký kůň \u2028 🐎 "\\ \n' }),
    call('get-sum', { a: 9007199254740991, b: 0.5 }),
    call('get-tiny-image'),
    call('get-env'),
    call('get-structured-content', { location: 'Chicago' }),
    call('get-annotated-message', { messageType: 'error', includeImage: true }),
    call('get-resource-links', { count: 2 }),
    call('get-resource-reference', { resourceType: 'Text', resourceId: 7 }),
    call('gzip-file-as-resource', { name: 'a.gz', data: 'data:text/plain,hello', outputType: 'resource' }),
    ['resources/list'],
    ['tools/call', { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 2 } }, 'p-1'],
    call('trigger-sampling-request', { prompt: 'say it', maxTokens: 3 }),
    call('trigger-elicitation-request'),
    call('trigger-url-elicitation', { url: 'https://example.com/', elicitationId: 'e-1' }),
    call('trigger-url-elicitation', { url: 'https://example.com/', errorPath: true }),
    call('get-roots-list'),
    ['resources/read', { uri: 'demo://resource/dynamic/text/1' }],
    ['resources/read', { uri: 'demo://resource/static/document/features.md' }],
    ['resources/read', { uri: 'demo://resource/nowhere' }],
    ['resources/subscribe', { uri: 'demo://resource/dynamic/text/1' }],
    ['prompts/get', { name: 'args-prompt', arguments: { city: 'Brno', state: 'Moravia' } }],
    ['prompts/get', { name: 'resource-prompt', arguments: { resourceType: 'Text', resourceId: '1' } }],
    ['prompts/get', { name: 'args-prompt' }],
    [
      'completion/complete',
      {
        ref: { type: 'ref/prompt', name: 'completable-prompt' },
        argument: { name: 'department', value: 'E' },
      },
    ],
    ['logging/setLevel', { level: 'error' }],
    call('no-such-tool'),
    call('get-sum', { a: 'one' }),
    ['no/such-method', { any: [1, 2.5, null] }],
  ],
  use: async (client) => {
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'get-sum', 'get-env']))
    // What needs a capability that this client does not have is not offered to it.
    expect(tools.filter(({ name }) => /sampling|elicitation|roots/.test(name))).toEqual([])
    expect(textOf(await client.callTool({ name: 'get-sum', arguments: { a: 2, b: 3 } }))).toBe(
      'The sum of 2 and 3 is 5.',
    )
    const { prompts } = await client.listPrompts()
    expect(prompts.map(({ name }) => name)).toContain('simple-prompt')
    const { contents } = await client.readResource({ uri: 'demo://resource/dynamic/text/3' })
    expect(contents).toMatchObject([{ uri: 'demo://resource/dynamic/text/3', mimeType: 'text/plain' }])
    const steps: unknown[] = []
    const operation = { name: 'trigger-long-running-operation', arguments: { duration: 1.5, steps: 3 } }
    await client.callTool(operation, undefined, { onprogress: (step) => steps.push(step) })
    // The SDK looks at a notification a microtask later, but at once at a response, and then forgets the rest: the steps
    // that come in one read with it are lost to it. That the bridge delivers them is seen where clients are compared.
    expect(steps.length).toBeGreaterThan(0)
    expect(steps).toEqual([1, 2, 3].slice(0, steps.length).map((progress) => ({ progress, total: 3 })))
  },
}

const filesystem: RealServer = {
  name: 'server-filesystem',
  command: (folder) => [bin('filesystem'), folder],
  env: () => ({}),
  prepare: (folder) => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(join(folder, 'sub'), { recursive: true })
    writeFileSync(join(folder, 'one.txt'), 'first\nsecond €\nthird\n')
    writeFileSync(join(folder, 'sub', 'dot.png'), Buffer.from([137, 80, 78, 71]))
  },
  questions: (folder) => [
    ...LISTS,
    call('list_allowed_directories'),
    call('list_directory', { path: folder }),
    call('list_directory_with_sizes', { path: folder }),
    call('read_text_file', { path: join(folder, 'one.txt'), head: 2 }),
    call('read_media_file', { path: join(folder, 'sub', 'dot.png') }),
    call('write_file', { path: join(folder, 'two.txt'), content: 'ž\r\n'.repeat(1000) }),
    call('edit_file', { path: join(folder, 'one.txt'), edits: [{ oldText: 'second €', newText: '2nd' }] }),
    call('read_multiple_files', { paths: ['one.txt', 'two.txt', 'none'].map((name) => join(folder, name)) }),
    call('create_directory', { path: join(folder, 'sub', 'deeper') }),
    call('move_file', { source: join(folder, 'two.txt'), destination: join(folder, 'sub', '2.txt') }),
    call('directory_tree', { path: folder }),
    call('search_files', { path: folder, pattern: '**/*.txt' }),
    call('get_file_info', { path: join(folder, 'one.txt') }),
    call('read_text_file', { path: '/etc/hostname' }),
    call('read_text_file', {}),
  ],
  use: async (client, folder) => {
    const path = join(folder, 'written.txt')
    await client.callTool({ name: 'write_file', arguments: { path, content: 'through the bridge' } })
    expect(textOf(await client.callTool({ name: 'read_text_file', arguments: { path } }))).toBe(
      'through the bridge',
    )
    const outside = await client.callTool({ name: 'read_text_file', arguments: { path: '/etc/hostname' } })
    expect(outside.isError).toBe(true)
    expect(textOf(outside)).toContain('Access denied')
  },
}

const memory: RealServer = {
  name: 'server-memory',
  command: () => [bin('memory')],
  env: (folder) => ({ MEMORY_FILE_PATH: join(folder, 'memory.jsonl') }),
  prepare: (folder) => rmSync(join(folder, 'memory.jsonl'), { force: true }),
  questions: () => [
    ...LISTS,
    call('create_entities', {
      entities: [
        { name: 'Ada', entityType: 'person', observations: ['wrote 💾 notes'] },
        { name: 'Engine', entityType: 'machine', observations: [] },
      ],
    }),
    call('create_relations', { relations: [{ from: 'Ada', to: 'Engine', relationType: 'describes' }] }),
    call('add_observations', { observations: [{ entityName: 'Engine', contents: ['has a mill'] }] }),
    call('add_observations', { observations: [{ entityName: 'Nobody', contents: ['x'] }] }),
    call('search_nodes', { query: 'mill' }),
    call('open_nodes', { names: ['Ada'] }),
    call('read_graph'),
    ['resources/read', { uri: 'memory://knowledge-graph' }],
    call('delete_entities', { entityNames: ['Ada'] }),
    call('read_graph'),
  ],
  use: async (client) => {
    const entity = { name: 'Grace', entityType: 'person', observations: ['found a moth'] }
    await client.callTool({ name: 'create_entities', arguments: { entities: [entity] } })
    const { structuredContent } = await client.callTool({
      name: 'search_nodes',
      arguments: { query: 'moth' },
    })
    expect(structuredContent).toEqual({ entities: [entity], relations: [] })
  },
}

const thought = (thoughtNumber: number, more: object = {}): object => ({
  thought: `thought ${thoughtNumber}`,
  thoughtNumber,
  totalThoughts: 3,
  nextThoughtNeeded: thoughtNumber < 3,
  ...more,
})

const sequentialThinking: RealServer = {
  name: 'server-sequential-thinking',
  command: () => [bin('sequential-thinking')],
  env: () => ({}),
  prepare: () => {},
  questions: () => [
    ...LISTS,
    call('sequentialthinking', thought(1)),
    call('sequentialthinking', thought(2, { branchFromThought: 1, branchId: 'b' })),
    call('sequentialthinking', thought(3, { isRevision: true, revisesThought: 1 })),
    call('sequentialthinking', { thought: 'no number' }),
  ],
  use: async (client) => {
    for (const number of [1, 2, 3]) {
      const args = thought(number) as Record<string, unknown>
      const { structuredContent } = await client.callTool({ name: 'sequentialthinking', arguments: args })
      // The history is that of this client alone: each has a process of its own.
      expect(structuredContent).toMatchObject({ thoughtNumber: number, thoughtHistoryLength: number })
    }
  },
}

export const servers: readonly RealServer[] = [everything, filesystem, memory, sequentialThinking]

/** The text of a result's only content. */
export function textOf(result: Awaited<ReturnType<Client['callTool']>>): string {
  const [content, ...others] = result.content as { type: string; text?: string }[]
  expect(others).toEqual([])
  return content?.text ?? ''
}
