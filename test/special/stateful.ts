// special/stateful: tools that remember something, how to leave it there, and how to see whether it is there.
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tempDir } from '@mcp-bridge/testkit'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { registryEnv, run } from '../e2e/command.ts'

/** What a client finds of what was left: `fails` where it cannot even look. */
export type Found = 'yes' | 'no' | 'fails'

export interface Stateful {
  /** As in the table. */
  name: string
  /** May be called once per bridge; the folder is new. */
  command(folder: string): Promise<string[]>
  env(folder: string): Record<string, string>
  leave(client: Client, word: string): Promise<void>
  look(client: Client, word: string): Promise<Found>
  /** What a client does before it ends its session. */
  finish?(client: Client): Promise<void>
  /** One round of several calls at the same time by each of the clients: whether all went right. */
  atOnce?(clients: readonly Client[]): Promise<boolean>
}

const MOTHERDUCK = 'mcp-server-motherduck==1.1.0'
const CALLS = 4

const bin = (name: string): string => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url))

const memory: Stateful = {
  name: 'server-memory',
  command: async () => [bin('mcp-server-memory')],
  env: (folder) => ({ MEMORY_FILE_PATH: join(folder, 'memory.jsonl') }),
  leave: remember,
  look: async (client, word) =>
    (await use(client, 'open_nodes', { names: [word] })).text.includes(word) ? 'yes' : 'no',
  atOnce: async (clients) => {
    const words = clients.flatMap((client) => callsOf(client).map(() => ({ client, word: randomUUID() })))
    await Promise.all(words.map(({ client, word }) => remember(client, word)))
    const graph = await Promise.all(clients.map((client) => use(client, 'read_graph')))
    return words.every(({ word }) => graph.every(({ text }) => text.includes(word)))
  },
}

const duckdb: Stateful = {
  name: 'DuckDB, `:memory:`',
  command: () => (installed ??= installDuckdb()),
  env: (folder) => ({ HOME: folder }),
  leave: async (client, word) => {
    await succeed(client, 'execute_query', { sql: `CREATE TABLE ${word} AS SELECT 42 AS answer` })
  },
  look: async (client, word) => {
    const { text, isError } = await use(client, 'execute_query', { sql: `FROM ${word}` })
    return isError && text.includes('does not exist') ? 'no' : 'yes'
  },
  atOnce: async (clients) => {
    const rows = 3_000_000
    const sums = clients.flatMap(callsOf).map(async (client, number) => {
      const sql = `SELECT ${number} AS number, count(*) AS rows FROM range(${rows}) AS numbers(each)`
      const { text, isError } = await use(client, 'execute_query', { sql })
      if (isError) return false
      const { rows: found } = JSON.parse(text) as { rows: unknown }
      return JSON.stringify(found) === JSON.stringify([[number, rows]])
    })
    return (await Promise.all(sums)).every(Boolean)
  },
}

/** What is left is the page that is open; cookies and logins of this browser go the same way. */
const browser: Stateful = {
  name: 'browser, `--isolated`',
  command: async (folder) => [...(await playwright(folder)), '--isolated'],
  env: (folder) => ({ HOME: folder, TMPDIR: folder }),
  leave: (client, word) => succeed(client, 'browser_navigate', { url: `data:text/html,${word}` }),
  look: async (client, word) => {
    const { text } = await use(client, 'browser_evaluate', { function: '() => document.body.textContent' })
    return foundIn(text, word)
  },
}

/** What is left is a cookie. It is in the profile for certain only once the browser was asked to close. */
const profile: Stateful = {
  name: 'browser, profile on disk',
  command: playwright,
  env: browser.env,
  leave: async (client, word) => {
    const expires = Math.floor(Date.now() / 1000) + 3600
    const cookie = { name: 'word', value: word, url: 'http://127.0.0.1/', expires }
    await runCode(client, `await page.context().addCookies([${JSON.stringify(cookie)}])`)
  },
  look: async (client, word) => {
    const { text } = await runCode(client, `return JSON.stringify(await page.context().cookies())`, false)
    return foundIn(text, word)
  },
  finish: async (client) => {
    await use(client, 'browser_close')
  },
}

export const tools: readonly Stateful[] = [memory, duckdb, browser, profile]

async function remember(client: Client, word: string): Promise<void> {
  const entity = { name: word, entityType: 'word', observations: [] }
  await succeed(client, 'create_entities', { entities: [entity] })
}

let installed: Promise<string[]> | undefined

/** From PyPI, in an environment of its own, once for all bridges of the file. */
async function installDuckdb(): Promise<string[]> {
  const folder = tempDir()
  const env = { ...registryEnv(join(folder, 'cache')), PIP_CACHE_DIR: join(folder, 'cache') }
  await run(['python3', '-m', 'venv', join(folder, 'venv')], { env })
  const pip = [join(folder, 'venv/bin/pip'), '--disable-pip-version-check', 'install', '--quiet']
  await run([...pip, MOTHERDUCK], { env, withinMs: 500_000 })
  return [join(folder, 'venv/bin/mcp-server-motherduck'), '--db-path', ':memory:', '--read-write']
}

async function playwright(folder: string): Promise<string[]> {
  const chromium = (await run(['sh', '-c', 'command -v chromium'])).trim()
  // Its crash handler detaches itself: by this mark, test files that run beside this one would take it for theirs.
  const unmarked = join(folder, 'chromium')
  writeFileSync(unmarked, `#!/bin/sh\nunset MCP_BRIDGE_CHILD\nexec ${chromium} "$@"\n`, { mode: 0o755 })
  return [bin('playwright-mcp'), '--headless', '--no-sandbox', '--executable-path', unmarked]
}

async function runCode(client: Client, code: string, mustSucceed = true): Promise<Answer> {
  const args = { code: `async (page) => { ${code} }` }
  const answer = await use(client, 'browser_run_code_unsafe', args)
  if (mustSucceed && answer.isError) throw new Error(answer.text)
  return answer
}

/** Only the one failure that is expected is a finding. */
function foundIn(text: string, word: string): Found {
  if (text.includes('Browser is already in use')) return 'fails'
  if (text.includes('### Error')) throw new Error(text)
  return text.includes(word) ? 'yes' : 'no'
}

function callsOf(client: Client): Client[] {
  return Array.from({ length: CALLS }, () => client)
}

async function succeed(client: Client, name: string, args: Record<string, unknown>): Promise<void> {
  const { text, isError } = await use(client, name, args)
  if (isError) throw new Error(`${name}: ${text}`)
}

interface Answer {
  text: string
  isError: boolean
}

async function use(client: Client, name: string, args: Record<string, unknown> = {}): Promise<Answer> {
  const result = await client.callTool({ name, arguments: args }, undefined, { timeout: 120_000 })
  const [content] = result.content as { text?: string }[]
  return { text: content?.text ?? '', isError: result.isError === true }
}
