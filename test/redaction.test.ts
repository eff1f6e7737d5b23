// What ./doctor of the LAN stack takes out of a report: what is known to be secret there, and what looks like it.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanTemp, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './e2e/command.ts'

const LIB = fileURLToPath(new URL('../compose/lib', import.meta.url))
const HEX = '5f0c1e9a77b3d2468ace13579bdf02468ace13579bdf0246'
/** With all that is written in another way in JSON, in an address or in a shell. */
const AWKWARD = `p@ss"w\\or/d 100% of+it`
const ENV = `# a comment
LAN_NAME=toolbox.lan
MODEL=ollama_chat/qwen3
POSTGRES_PASSWORD=${HEX}
QUOTED="quoted-and-hushed" # behind it
export SINGLE='single-and-hushed'
AWKWARD=${AWKWARD}
PIN=4711-x
FLAG=true
`
const LITELLM = `model_list:
  # api_key: of-a-comment-hushed
  - model_name: mine
    litellm_params:
      model: openai/gpt-5
      api_key: literal-and-hushed
      extra_headers: { X-Org: "flow-and-hushed-1" }
  - model_name: other
    litellm_params: { model: openai/gpt-5, api_key: braced-and-hushed-2 }
mcp_servers:
  db:
    url: http://user:of-an-address-hushed@postgres-mcp:8000/sse?code=of-a-query-hushed
    auth_value: os.environ/DB_TOKEN
    headers:
      - listed-and-hushed
    allow_all_keys: true
`

let folder: string

beforeAll(() => {
  folder = tempDir()
  cpSync(LIB, join(folder, 'lib'), { recursive: true })
  mkdirSync(join(folder, 'people/memory'), { recursive: true })
  mkdirSync(join(folder, 'config'))
  writeFileSync(join(folder, '.env'), ENV)
  writeFileSync(
    join(folder, 'people/memory/tokens'),
    `gateway:0123456789abcdef-gate\nchristine:of-christine-hushed\n`,
  )
  writeFileSync(
    join(folder, 'people/memory/bridge.yaml'),
    'clients:\n  christine:\n    env: { K: bridge-and-hushed-3 }\n',
  )
  writeFileSync(join(folder, 'config/litellm.yaml'), LITELLM)
})
afterAll(cleanTemp)

const KNOWN: [what: string, line: string, secret: string][] = [
  ['a value of .env', `login with ${HEX} failed`, HEX],
  ['one in the middle of a word', `xx${HEX}yy`, HEX],
  ['one that is cut off', `login with ${HEX.slice(0, 20)}...`, HEX.slice(0, 12)],
  ['one in quotes', 'said quoted-and-hushed', 'quoted-and-hushed'],
  ['one in single quotes', 'said single-and-hushed', 'single-and-hushed'],
  ['an awkward one', `said ${AWKWARD}.`, AWKWARD],
  ['the same in JSON', JSON.stringify({ line: `said ${AWKWARD}` }), JSON.stringify(AWKWARD).slice(1, -1)],
  ['the same in an address', `GET /${encodeURIComponent(AWKWARD)}`, encodeURIComponent(AWKWARD)],
  ['a short one', 'the code is 4711-x.', '4711-x'],
  ['the token of LiteLLM', 'refused 0123456789abcdef-gate', '0123456789abcdef-gate'],
  ['the token of a person', 'refused of-christine-hushed', 'of-christine-hushed'],
  ['the name of a person', '{"principal":"christine"}', 'christine'],
  ['a literal of config/litellm.yaml', 'key literal-and-hushed is wrong', 'literal-and-hushed'],
  ['one in a list there', 'sent listed-and-hushed', 'listed-and-hushed'],
  ['one in braces there', 'sent flow-and-hushed-1 and braced-and-hushed-2', 'and-hushed'],
  ['one of a bridge', 'sent bridge-and-hushed-3', 'bridge-and-hushed-3'],
]

test.each(KNOWN)('known: %s', async (_, line, secret) => {
  expect(await redacted(line)).not.toContain(secret)
})

const LOOKS: [what: string, line: string][] = [
  ['a header', 'Authorization: Bearer hushed.abc-1'],
  ['a header in JSON', '{"headers":{"authorization":"Bearer hushed, really"},"ok":1}'],
  ['a header in JSON in JSON', String.raw`{"line":"{\"authorization\":\"Bearer hushed\"}"}`],
  ['a header of Python', `{'x-mcp-db-authorization': 'hushed', 'accept': 'a'}`],
  ['x-litellm-api-key', 'x-litellm-api-key: hushed'],
  ['X-GitHub-Token', 'X-GitHub-Token: hushed'],
  ['a cookie', 'cookie: a=hushed; session=hushed'],
  ['basic', 'got Basic aHVzaGVkOmh1c2hlZA=='.replace('aHVzaGVkOmh1c2hlZA==', 'hushedhushed==')],
  ['a variable', 'GITHUB_TOKEN=hushed npm start'],
  ['a variable in quotes', `PGPASSWORD="hushed hushed"`],
  ['in JSON', '{"password":"hushed hushed","a":1}'],
  ['in JSON, deep', '{"client_secret": "hushed"}'],
  ['in YAML', '  master_key: hushed'],
  ['in TOML', 'api-key = "hushed"'],
  ['an option', 'args: --api-key hushed --port 1'],
  ['an option with =', 'args: --token=hushed'],
  ['SQL', `ALTER ROLE app PASSWORD 'hushed hushed'`],
  ['an address', 'postgresql://app:hushed@postgres:5432/app'],
  ['a name in an address', 'redis://hushed@valkey'],
  ['a query', 'GET /x?api_version=hushed&k=hushed HTTP/1.1'],
  ['a key of LiteLLM', 'key sk-hushed123 is new'],
  ['a JWT', 'got eyJhbGciOi.eyJzdWIiOi.hushed_-x'],
  ['a key of GitHub', 'got ghp_hushed123456'],
  ['an address of mail', 'from hushed@example.com'],
  ['colours in between', 'pass\u001b[31mword=\u001b[0mhushed'],
  ['armour', '-----BEGIN PRIVATE KEY-----\nhushed\nhushed\n-----END PRIVATE KEY-----'],
  [
    'armour in one line',
    String.raw`key -----BEGIN EC PRIVATE KEY-----\nhushed\n-----END EC PRIVATE KEY----- end`,
  ],
]

test.each(LOOKS)('looks like one: %s', async (_, line) => {
  const text = await redacted(`before it\n${line}\nbehind it`)
  expect(text).not.toContain('hushed')
  expect(text).toMatch(/^before it\n[^]*\nbehind it\n$/)
})

test('drawn by lot: a hash of a key, a token that nobody knows', async () => {
  const text = await redacted(`a ${HEX.toUpperCase()} b Zm9vYmFyMTIzNDU2Nzg5MDEyMzQ1 c`)
  expect(text).toBe('a <long-value> b <long-value> c\n')
})

test('all else stays as it is', async () => {
  const lines = [
    `image mcp-time:2026.10.19-e01bf20b79d9 sha256:${'0a'.repeat(32)}`,
    '2026-11-30T12:51:15.082Z {"level":"info","name":"mcp-fetch","protocolVersion":"2025-11-25","tools":1}',
    '{"level":"warn","err":{"code":"child_exited"},"msg":"child exited"}',
    'INFO:     172.24.0.2:59144 - "POST /mcp/ HTTP/1.1" 200 OK',
    'a token is needed; this token is not known; the flag is true',
    '"usage":{"completion_tokens":12,"max_tokens":100}',
    'File "/usr/local/lib/python3.13/site-packages/litellm/proxy/_experimental/mcp_server/server.py", line 1',
  ]
  expect(await redacted(lines.join('\n'))).toBe(`${lines.join('\n')}\n`)
})

test('settings are shown by what is known to be harmless', async () => {
  const env = await sh('awk -v public="$PUBLIC_SETTINGS" -v show=yes -f lib/env.awk .env')
  expect(env).toContain('LAN_NAME=toolbox.lan\nMODEL=ollama_chat/qwen3\nPOSTGRES_PASSWORD=<secret>\n')
  expect(env).not.toMatch(/hushed|4711|p@ss/)
  const yaml = await sh(
    'awk -v public="$PUBLIC_KEYS" -v show=yes -f lib/settings.awk config/litellm.yaml | { known_secrets >known; redact known; }',
  )
  expect(yaml).toContain('    auth_value is os.environ/DB_TOKEN\n')
  expect(yaml).toContain('    allow_all_keys: true\n')
  expect(yaml).toContain('      model: openai/gpt-5\n')
  expect(yaml).toContain('    url: http://<secret>@postgres-mcp:8000/sse?code=<secret>\n')
  expect(yaml).not.toContain('hushed')
})

test('without any setting a report is still one', async () => {
  const empty = await run(
    ['sh', '-c', '. lib/redact.sh; known_secrets >k; echo "it runs, password=x1" | redact k'],
    {
      cwd: bare(),
    },
  )
  expect(empty).toBe('it runs, password=<secret>\n')
})

function bare(): string {
  const other = tempDir()
  cpSync(LIB, join(other, 'lib'), { recursive: true })
  return other
}

/** A report with these lines, as `./doctor` would write it. */
function redacted(text: string): Promise<string> {
  writeFileSync(join(folder, 'text'), `${text}\n`)
  return sh('known_secrets >known; redact known <text')
}

function sh(script: string): Promise<string> {
  return run(['sh', '-c', `. lib/redact.sh; ${script}`], { cwd: folder })
}
