// ./setup on machines of all kinds: what it makes, what it never touches, what it refuses and with which remedy.
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tempDir } from '@mcp-bridge/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { outcomeOf, type Outcome } from '../e2e/command.ts'

const COMPOSE = fileURLToPath(new URL('../../compose', import.meta.url))
/** What only setup makes. */
const MADE = ['.env', 'people', 'config/litellm.yaml', 'run', 'backups']
const SECRETS = /^(\w+(?:PASSWORD|_KEY|_TOKEN))=(.*)$/gm

/** A Docker of any version, by name only. */
const FAKE_DOCKER = `#!/bin/sh
case "$*" in
'version --format {{.Server.Version}}') [ -n "$FAKE_ENGINE" ] && echo "$FAKE_ENGINE" ;;
'compose version --short') [ -n "$FAKE_COMPOSE" ] && echo "$FAKE_COMPOSE" ;;
'info --format {{.DockerRootDir}}') echo "$FAKE_ROOT" ;;
'ps '*) ;;
*) echo "asked for $*" >&2; exit 1 ;;
esac
`

test('makes .env for its owner alone, strong secrets, a folder of tokens and the settings of LiteLLM', async () => {
  const machine = new Machine()
  const { code, stderr } = await machine.setup()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(mode(machine.path('.env'))).toBe(0o600)
  const secrets = [...machine.read('.env').matchAll(SECRETS)].map(([, name, value]) => [name, value] as const)
  expect(secrets.map(([name]) => name)).toContain('LITELLM_SALT_KEY')
  expect(secrets.length).toBeGreaterThanOrEqual(11)
  for (const [, value] of secrets) expect(value).toMatch(/^(sk-)?[0-9a-f]{48}$/)
  expect(new Set(secrets.map(([, value]) => value)).size).toBe(secrets.length)
  expect(mode(machine.path('people'))).toBe(0o700)
  for (const tool of readdirSync(machine.path('people'))) {
    expect(mode(machine.path('people', tool, 'tokens'))).toBe(0o644)
    const variable = tool === 'postgres-mcp' ? 'DB_TOKEN' : `${tool.toUpperCase()}_TOKEN`
    expect(machine.read('people', tool, 'tokens')).toBe(`gateway:${machine.setting(variable)}\n`)
  }
  const aliases = [...machine.read('config/litellm.yaml').matchAll(/^ {4}alias: (\w+)$/gm)].map(
    ([, it]) => it,
  )
  expect(aliases).toEqual(['db', 'fetch', 'filesystem', 'memory', 'time'])
})

test('never overwrites: a second run changes not a byte', async () => {
  const machine = new Machine()
  await machine.setup()
  appendFileSync(machine.path('.env'), 'MODEL=ollama_chat/qwen3\n')
  appendFileSync(machine.path('people/time/tokens'), 'alice:a-token-of-alice\n')
  appendFileSync(machine.path('config/litellm.yaml'), '# mine\n')
  const before = machine.everything()
  expect(await machine.again()).toMatchObject({ code: 0 })
  expect(machine.everything()).toEqual(before)
})

test('an option changes what it names, and nothing else', async () => {
  const machine = new Machine()
  await machine.setup()
  const before = machine.read('.env')
  const { code, stdout } = await machine.again('--port', '20872', '--name', 'tools.lan')
  expect(code).toBe(0)
  expect(stdout).toContain('changed: LAN_PORT=20872 (was 20871)\n')
  expect(stdout).toContain('people open another address now')
  expect(stdout).toContain('ready: http://tools.lan:20872 on 127.0.0.1')
  expect(machine.read('.env')).toBe(
    before.replace(/^LAN_PORT=.*/m, 'LAN_PORT=20872').replace(/^LAN_NAME=.*/m, 'LAN_NAME=tools.lan'),
  )
  expect(mode(machine.path('.env'))).toBe(0o600)
})

test.each([
  [
    ['--minimal'],
    '--minimal has no tools, and COMPOSE_PROFILES in .env is db,tools',
    'take "tools" out of it',
  ],
  [['--published'], '--published is another form of the SQL tool', 'write "published" for "db" in it'],
  [['--project', 'second'], 'this stack is called', './setup --project in a new copy of this folder'],
])('what %o would leave half done on a stack is refused, with what to do', async (options, problem, fix) => {
  const machine = new Machine()
  await machine.setup()
  const before = machine.everything()
  const { code, stdout, stderr } = await machine.again(...options)
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining(problem) })
  expect(stderr).toContain(fix)
  expect(machine.everything()).toEqual(before)
})

test('the proxy comes to a stack that has tools of its own', async () => {
  const machine = new Machine()
  await machine.setup()
  appendFileSync(machine.path('.env'), 'COMPOSE_FILE=docker-compose.yml:added/git/compose.yaml\n')
  const { code, stdout } = await machine.again('--proxy')
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('ready: https://') })
  expect(machine.setting('COMPOSE_FILE')).toBe('docker-compose.yml:proxy/compose.yaml:added/git/compose.yaml')
  expect(machine.setting('LAN_PORT')).toBe('20871')
})

test('a second stack has a name of its own', async () => {
  const machine = new Machine()
  await machine.setup('--project', 'second')
  expect(machine.setting('COMPOSE_PROJECT_NAME')).toBe('second')
  expect(await machine.again('--project', 'second')).toMatchObject({ code: 0 })
})

test('adds what is missing, and gives LiteLLM the token that .env has', async () => {
  const machine = new Machine()
  await machine.setup()
  appendFileSync(machine.path('people/time/tokens'), 'alice:a-token-of-alice\n')
  const text = machine
    .read('.env')
    .replace(/^TIME_TOKEN=.*\n/m, '')
    .trimEnd()
  writeFileSync(machine.path('.env'), text)
  expect(await machine.setup()).toMatchObject({ code: 0 })
  expect(machine.read('.env')).toMatch(/^TIME_TOKEN=[0-9a-f]{48}$/m)
  expect(machine.read('.env').startsWith(`${text}\n`)).toBe(true)
  expect(machine.read('people/time/tokens')).toBe(
    `gateway:${machine.setting('TIME_TOKEN')}\nalice:a-token-of-alice\n`,
  )
})

test('a smaller stack: only the SQL tool, in either form', async () => {
  const machine = new Machine()
  await machine.setup('--minimal', '--published')
  expect(machine.setting('COMPOSE_PROFILES')).toBe('published')
  expect(machine.read('config/litellm.yaml').match(/alias:/g)).toHaveLength(1)
})

test('the proxy: its file, and its port', async () => {
  const machine = new Machine()
  await machine.setup('--proxy', '--name', 'tools.lan')
  expect(machine.setting('COMPOSE_FILE')).toBe('docker-compose.yml:proxy/compose.yaml')
  expect(machine.setting('LAN_PORT')).toBe('8443')
  expect(machine.setting('LAN_NAME')).toBe('tools.lan')
})

test.each([
  ['LITELLM_MASTER_KEY=sk-1234', 'LITELLM_MASTER_KEY in .env is empty or a placeholder'],
  ['LITELLM_SALT_KEY=0123456789abcdef0123', 'LITELLM_SALT_KEY in .env does not begin with sk-'],
  ['POSTGRES_PASSWORD=changeme', 'POSTGRES_PASSWORD in .env is empty or a placeholder'],
  ['POSTGRES_PASSWORD=', 'POSTGRES_PASSWORD in .env is empty or a placeholder'],
  ['MCP_DB_PASSWORD=short', 'MCP_DB_PASSWORD in .env is shorter than 16 characters'],
  [
    'APP_DB_PASSWORD=p@ss/word-with-an-@-in-it',
    'APP_DB_PASSWORD in .env has characters that do not fit into an address',
  ],
  ['TIME_TOKEN=<your token here, please>', 'TIME_TOKEN in .env is empty or a placeholder'],
])('refuses %s, and makes nothing', async (line, problem) => {
  const machine = new Machine()
  writeFileSync(machine.path('.env'), `${line}\n`)
  const { code, stderr } = await machine.setup()
  expect(code).toBe(1)
  expect(stderr).toContain(`problem: ${problem}`)
  expect(stderr).toContain('fix: ')
  expect(machine.everything()).toEqual({ '.env': `${line}\n` })
})

test.each([
  [{ FAKE_COMPOSE: '2.23.3' }, 'Docker Compose 2.23.3 is too old'],
  [{ FAKE_COMPOSE: '' }, 'docker compose (version 2) is missing'],
  [{ FAKE_ENGINE: '24.0.7' }, 'Docker Engine 24.0.7 is too old'],
  [{ FAKE_ENGINE: '' }, 'the Docker engine does not answer'],
])('refuses %o, and makes nothing', async (fake, problem) => {
  const machine = new Machine(fake)
  const { code, stderr } = await machine.setup()
  expect(code).toBe(1)
  expect(stderr).toContain(`problem: ${problem}`)
  expect(machine.everything()).toEqual({})
})

test.each([{ FAKE_COMPOSE: 'v2.24.0' }, { FAKE_COMPOSE: '2.26.1-4' }, { FAKE_COMPOSE: '5.0.1' }])(
  'takes %o',
  async (fake) => {
    expect(await new Machine(fake).setup()).toMatchObject({ code: 0 })
  },
)

test.each([
  [['--bind', '192.0.2.77'], 'LAN_BIND is 192.0.2.77, which is no address of this machine'],
  [['--bind', '0.0.0.0'], 'LAN_BIND is 0.0.0.0, which is every network of this machine'],
  [['--bind', 'toolbox.lan'], 'LAN_BIND is "toolbox.lan", which is no IPv4 address'],
  [['--bind', '127.0.0.1\n0.0.0.0'], 'LAN_BIND is "127.0.0.1?0.0.0.0", which is no IPv4 address'],
  [
    ['--name', 'box.lan\nLITELLM_MASTER_KEY=sk-chosen-by-a-stranger'],
    'LAN_NAME is "box.lan?LITELLM_MASTER_KEY',
  ],
  [['--name', '$(id)'], 'LAN_NAME is "$(id)", which is no host name'],
  [['--port', '70000'], 'LAN_PORT is 70000'],
  [['--port', 'http'], 'LAN_PORT is "http"'],
  [['--project', 'x\nCOMPOSE_FILE=/tmp/x'], '--project is "x?COMPOSE_FILE=/tmp/x"'],
])('refuses %o', async (options, problem) => {
  const machine = new Machine()
  const { code, stderr } = await machine.setup(...options)
  expect(code).toBe(1)
  expect(stderr).toContain(`problem: ${problem}`)
  expect(machine.everything()).toEqual({})
})

test('refuses a port that another program has, and names all problems at once', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  const { port } = server.address() as AddressInfo
  const machine = new Machine({ FAKE_COMPOSE: '2.20.0' })
  const { code, stderr } = await machine.setup('--port', String(port))
  expect(code).toBe(1)
  expect(stderr).toContain(`port ${port} of 127.0.0.1 is taken by another program`)
  expect(stderr).toContain('Docker Compose 2.20.0 is too old')
  expect(stderr).toContain('2 found. Nothing was changed.')
})

test('refuses a disk that is too full', async () => {
  const machine = new Machine()
  const df =
    '#!/bin/sh\necho "Filesystem 1024-blocks Used Available Capacity Mounted"\necho "/dev/x 1 1 2097152 99% /"\n'
  machine.program('df', df)
  const { code, stderr } = await machine.setup()
  expect(code).toBe(1)
  expect(stderr).toContain('2 GB are free on the disk of Docker')
})

/** A copy of compose/ as a clone has it, on a machine whose Docker is what the test says. */
class Machine {
  readonly #folder = tempDir()
  readonly #env: Record<string, string>

  constructor(fake: Readonly<Record<string, string>> = {}) {
    cpSync(COMPOSE, join(this.#folder, 'compose'), { recursive: true })
    for (const each of MADE) rmSync(this.path(each), { recursive: true, force: true })
    mkdirSync(join(this.#folder, 'bin'))
    this.program('docker', FAKE_DOCKER)
    this.#env = {
      PATH: `${join(this.#folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      FAKE_ENGINE: '27.3.1',
      FAKE_COMPOSE: '2.30.0',
      FAKE_ROOT: this.#folder,
      ...fake,
    }
    onTestFinished(() => rmSync(this.#folder, { recursive: true, force: true }))
  }

  /** On loopback, unless `options` say otherwise. */
  setup(...options: string[]): Promise<Outcome> {
    const bind = options.includes('--bind') ? [] : ['--bind', '127.0.0.1']
    // A port that nothing here has: what is free is another test's matter.
    const port = options.includes('--port') || options.includes('--proxy') ? [] : ['--port', '20871']
    return outcomeOf(['sh', this.path('setup'), ...bind, ...port, ...options], { env: this.#env })
  }

  /** With these options alone. */
  again(...options: string[]): Promise<Outcome> {
    return outcomeOf(['sh', this.path('setup'), ...options], { env: this.#env })
  }

  program(name: string, text: string): void {
    const path = join(this.#folder, 'bin', name)
    writeFileSync(path, text)
    chmodSync(path, 0o755)
  }

  path(...parts: string[]): string {
    return join(this.#folder, 'compose', ...parts)
  }

  read(...parts: string[]): string {
    return readFileSync(this.path(...parts), 'utf8')
  }

  setting(name: string): string | undefined {
    return new RegExp(`^${name}=(.*)$`, 'm').exec(this.read('.env'))?.[1]
  }

  /** All that setup has made, by path. */
  everything(): Record<string, string> {
    const isThere = (path: string) => statSync(this.path(path), { throwIfNoEntry: false }) !== undefined
    const files = MADE.filter(isThere).flatMap((made) =>
      statSync(this.path(made)).isDirectory()
        ? readdirSync(this.path(made), { recursive: true, encoding: 'utf8' }).map((each) => join(made, each))
        : [made],
    )
    return Object.fromEntries(
      files.filter((file) => statSync(this.path(file)).isFile()).map((file) => [file, this.read(file)]),
    )
  }
}

function mode(path: string): number {
  return statSync(path).mode & 0o777
}
