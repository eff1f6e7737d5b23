// The table "Troubleshooting" of compose/README.md: each text in its first column is seen in a failure that is made here.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { cleanTemp, tempDir } from '@mcp-bridge/testkit'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../e2e/port.ts'
import { becomesWell, change, compose, gateway, place, read, setting, tried } from './stack.ts'

/** What cannot be made here, and why. */
const NOT_HERE: Record<string, string> = {
  'pull access denied for mcp-…': 'an image registry says so, and here none answers',
  'could not find an available, non-overlapping IPv4 address pool':
    'the networks of everybody else on this engine would be refused, too',
  P3005: 'LiteLLM would alter a database that is not its own',
}

/** What other tests see, by their files. */
const SEEN_ELSEWHERE: Record<string, string> = {
  'a stack called mcp-lan is there already, in …': 'setup-again.test.ts',
  '… does not start: see above': 'commands.test.ts',
  'the last change, of …, was cut short': 'commands.test.ts',
  '… is here already': 'people.test.ts',
}

/** Gives all that is said in one situation. */
type Situation = () => Promise<string>

const SITUATIONS: Record<string, Situation> = {
  'a setting is missing': async () => {
    const back = change('.env', 'DB_TOKEN=', 'X_DB_TOKEN=')
    try {
      return await said('docker', 'compose', 'config')
    } finally {
      back()
    }
  },
  'an address or a port cannot be had': async () => {
    const server = createServer().listen(await freePort(place.address), place.address)
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const addresses = [`${place.address}:${port}`, `${place.address}:${place.port}`, `192.0.2.1:${port}`]
    const texts = []
    for (const address of addresses)
      texts.push(
        await said(
          ...['docker', 'run', '--rm', '--publish', `${address}:1`, '--entrypoint', 'true', 'postgres:16'],
        ),
      )
    server.close()
    return texts.join('\n')
  },
  'a tool is killed': async () => {
    await compose('kill', 'time')
    const call = { name: 'time-convert_time', arguments: {} }
    const texts = [
      await compose('ps', '--all'),
      (await gateway().ask('POST', '/mcp-rest/tools/call', call)).text,
      (await gateway().ask('GET', '/mcp-rest/tools/list')).text,
    ]
    await compose('up', '-d', '--wait', 'time')
    return texts.join('\n')
  },
  'LiteLLM is asked wrongly': async () => {
    const test = { mode: 'chat', litellm_params: { model: 'qwen3' } }
    return [
      (await gateway('').as(undefined).rpc('ping')).text,
      (await gateway('abc').ask('GET', '/mcp-rest/tools/list')).text,
      await restCall('time-no_such_tool'),
      await restCall('no_such_tool'),
      (await gateway().ask('POST', '/health/test_connection', test)).text,
      await statusLine('/mcp', 'application/json, text/event-stream'),
      await statusLine('/mcp/', 'text/html'),
    ].join('\n')
  },
  'LiteLLM has a name with a dash': async () => {
    const file = join(tempDir(), 'litellm.yaml')
    writeFileSync(file, read('config/litellm.yaml').replace(/^ {2}time:/m, '  ti-me:'), { mode: 0o644 })
    return oneOff(['--volume', `${file}:/app/dash.yaml:ro`], ['--config', '/app/dash.yaml'])
  },
  'LiteLLM has another password': () =>
    oneOff(['--env', 'DATABASE_URL=postgresql://litellm:of-another-stack@postgres:5432/litellm']),
  'a table is not of app': async () => {
    await sql('create table troubleshooting (id int)')
    const answer = await gateway().restCall('db-execute_sql', { sql: 'select * from troubleshooting' })
    await sql('drop table troubleshooting')
    return answer
  },
  'the database is gone': async () => {
    await compose('stop', 'postgres')
    const { text } = await gateway().ask('POST', '/key/generate', { duration: '1m' })
    await compose('up', '-d', '--wait', 'postgres')
    return text
  },
  'a bridge is asked without its token': () =>
    compose(
      ...['exec', '-T', 'litellm', 'python3', '-c'],
      `import urllib.request as u, urllib.error as e
for headers in ({}, {"Authorization": "Bearer of-nobody"}):
    try: u.urlopen(u.Request("http://time:8000/sse", headers=headers))
    except e.HTTPError as error: print(error.read().decode())`,
    ),
  'fetch gets no answer': async () => {
    const text = await gateway().call('fetch-fetch', { url: 'https://page.invalid/' })
    // An address of the LAN is refused by fetch itself; of a name that leads there only egress knows.
    const connect = "require('node:http').get({ host: 'egress', port: 3128, path: 'http://192.168.1.1/' })"
    await compose('exec', '-T', 'fetch', '/opt/mcp-bridge/bin/node', '--eval', connect)
    return `${text}\n${await compose('logs', '--no-log-prefix', '--tail', '20', 'egress')}`
  },
}

afterAll(async () => {
  cleanTemp()
  await becomesWell()
})

test('each text of the table is what is seen', async () => {
  let seen = ''
  for (const [what, make] of Object.entries(SITUATIONS)) seen += `### ${what}\n${await make()}\n`
  const here = keys().filter((key) => !(key in NOT_HERE) && !(key in SEEN_ELSEWHERE))
  const missing = here.filter((key) => !asPattern(key).test(seen))
  if (missing.length > 0) throw new Error(`${missing.join('\n')}\nis not among\n${seen}`)
  expect(here.length).toBeGreaterThan(20)
})

test('those that other tests see are theirs, and no exception is for a row that is gone', () => {
  for (const [key, file] of Object.entries(SEEN_ELSEWHERE)) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    // What stands in the table for a name that differs is not written there.
    const longest = key.split(/…|mcp-lan/).toSorted((one, other) => other.length - one.length)[0] ?? ''
    expect(text).toContain(longest.trim().replace(/^, /, ''))
  }
  const exceptions = [...Object.keys(NOT_HERE), ...Object.keys(SEEN_ELSEWHERE)]
  expect(exceptions.filter((key) => !keys().includes(key))).toEqual([])
})

/** Of each row its first text, or its first two where both are such; what is said around them is for people. */
function keys(): string[] {
  const [, table = ''] = read('README.md').split('## Troubleshooting')
  return table.split('\n').flatMap((line) => {
    const [, first, second] = /^\| `([^`]+)`(?:, `([^`]+)`)?/.exec(line) ?? []
    return [first, second].filter((key) => key !== undefined)
  })
}

/** `…` stands for anything. */
function asPattern(key: string): RegExp {
  return new RegExp(
    key
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*?'),
  )
}

async function restCall(name: string): Promise<string> {
  return (await gateway().ask('POST', '/mcp-rest/tools/call', { name, arguments: {} })).text
}

function sql(text: string): Promise<string> {
  return compose('exec', '-T', 'postgres', 'psql', '-U', 'postgres', '-d', 'app', '-c', text)
}

async function said(...command: string[]): Promise<string> {
  const { stdout, stderr } = await tried(command)
  return stdout + stderr
}

/** Another LiteLLM beside the one that runs, for as long as it takes to fail. */
function oneOff(options: string[], command: string[] = []): Promise<string> {
  const run = ['docker', 'compose', 'run', '--rm', '-T', '--no-deps', ...options, 'litellm', ...command]
  return said('timeout', '120', ...run)
}

async function statusLine(path: string, accept: string): Promise<string> {
  const { status, statusText } = await fetch(gateway().url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      accept,
      'content-type': 'application/json',
      authorization: `Bearer ${setting('LITELLM_MASTER_KEY')}`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  })
  return `${status} ${statusText}`
}
