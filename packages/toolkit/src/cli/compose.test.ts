import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { run } from './main.ts'

const root = mkdtempSync(join(tmpdir(), 'mcp-bridge-from-'))
afterAll(() => rmSync(root, { recursive: true }))

const catalogue = fileURLToPath(new URL('../../catalogue', import.meta.url))
const CLOCK = { command: 'uvx', args: ['mcp-server-time'] }

async function from(
  mcpServers: object,
  folder: string,
): Promise<{ code: number; said: string; mode: (path: string) => number; read: (path: string) => string }> {
  const file = join(root, 'mcp.json')
  writeFileSync(file, JSON.stringify({ mcpServers }))
  let said = ''
  const say = (text: string) => void (said += text)
  const code = await run(['compose', 'from', file, '--output', folder], {
    assets: { catalogue, base: '', bundle: '', version: '0.1.0' },
    io: { out: say, err: say, isTerminal: false },
  })
  return {
    code,
    said,
    mode: (path) => statSync(join(folder, path)).mode & 0o777,
    read: (path) => readFileSync(join(folder, path), 'utf8'),
  }
}

const output = () => mkdtempSync(join(root, 'out-'))

test('what holds secrets is for its owner from the first byte on', async () => {
  const made = await from({ clock: { ...CLOCK, env: { API_KEY: 'k' } } }, output())
  expect([made.code, made.mode('litellm.env'), made.mode('secrets')]).toEqual([0, 0o600, 0o700])
  // The user of the container reads these, whatever the umask here.
  expect(made.mode('secrets/mcp-clock.env')).toBe(0o644)
})

test('nothing is written through a link', async () => {
  const folder = output()
  const victim = join(root, 'victim')
  const leads = ['litellm.env', 'compose.yaml']
  for (const name of leads) symlinkSync(victim, join(folder, name))
  mkdirSync(join(folder, 'secrets'))
  chmodSync(join(folder, 'secrets'), 0o777)
  const made = await from({ clock: CLOCK }, folder)
  expect([made.code, made.mode('litellm.env'), made.mode('secrets')]).toEqual([0, 0o600, 0o700])
  expect(existsSync(victim)).toBe(false)

  const dangling = output()
  mkdirSync(join(dangling, 'secrets'))
  symlinkSync(victim, join(dangling, 'secrets/mcp-clock.tokens'))
  expect(await from({ clock: CLOCK }, dangling)).toMatchObject({
    code: 1,
    said: expect.stringContaining('is no file'),
  })
  const linked = output()
  mkdirSync(victim)
  symlinkSync(victim, join(linked, 'secrets'))
  expect(await from({ clock: CLOCK }, linked)).toMatchObject({
    code: 1,
    said: expect.stringContaining('is a link'),
  })
  expect(existsSync(join(victim, 'mcp-clock.tokens'))).toBe(false)
})

test('what stands in a file of secrets stays; a variable that is new comes behind it', async () => {
  const folder = output()
  await from({ clock: { ...CLOCK, env: { API_KEY: 'old' } } }, folder)
  const { read } = await from({ clock: { ...CLOCK, env: { API_KEY: 'new', SLACK_WEBHOOK: 'x' } } }, folder)
  expect(read('secrets/mcp-clock.env')).toMatch(/^# .*\nAPI_KEY=old\n.*SLACK_WEBHOOK=x\n$/s)
})

test('a folder in which LiteLLM is called litellm keeps its token', async () => {
  const folder = output()
  mkdirSync(join(folder, 'secrets'))
  writeFileSync(join(folder, 'secrets/mcp-clock.tokens'), 'litellm:kept\n')
  const { read } = await from({ clock: CLOCK }, folder)
  expect(read('litellm.env')).toBe('MCP_CLOCK_TOKEN=kept\n')
  expect(read('secrets/mcp-clock.tokens')).toMatch(/^litellm:kept\nclient:\S{32}\n$/)
})

test('names of a stranger are shown as text', async () => {
  const made = await from(
    { 'x\u001b[2J': CLOCK, 'y\u009b2J': { command: 'node', args: ['\u202e'] } },
    output(),
  )
  // eslint-disable-next-line no-control-regex
  expect(made.said).not.toMatch(/[\u001b\u009b\u202e]/)
  expect(made.said).toContain('\\u001b[2J')
})
