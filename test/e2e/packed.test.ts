// The package as a user gets it: from its tarball through npx and npm, and from a checkout through npm start.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { cmdline, descendantsOf, eventually, fixture, isAlive, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launch, outcomeOf, registryEnv, run, type Program } from './command.ts'
import { nothingLeft } from './nothing-left.ts'
import { textOf } from './real-servers.ts'
import { installed, pack, root } from './tarball.ts'
import { connect, wires } from './wires.ts'

const ECHO = ['node', ...fixture('echo').slice(1)]

let tarball: string
let env: Record<string, string>

beforeAll(async () => {
  tarball = await pack()
  env = registryEnv(tempDir())
}, 120_000)

nothingLeft(afterAll)

describe('the tarball', () => {
  test('holds the program, its licence and nothing of the workshop', async () => {
    expect(basename(tarball)).toMatch(/^mcp-bridge-\d+\.\d+\.\d+\.tgz$/)
    const files = (await run(['tar', '-tzf', tarball])).trim().split('\n')
    expect(files).toEqual(
      expect.arrayContaining(
        [
          'LICENSE',
          'README.md',
          'bin/mcp-bridge.js',
          'dist/index.js',
          'dist/index.d.ts',
          'dist/mcp-bridge.bundle.cjs',
          'dist/mcp-bridge.bundle.LICENSES.txt',
          'dist/toolkit/toolkit.bundle.cjs',
          'dist/toolkit/toolkit.bundle.LICENSES.txt',
          'dist/toolkit/base/Dockerfile',
          'dist/toolkit/local-images/build',
          'dist/toolkit/catalogue/fetch/recipe.yaml',
          'dist/toolkit/catalogue/fetch/lock/requirements.txt',
          'dist/toolkit/catalogue/memory/tools.lock.json',
          'dist/toolkit/catalogue/memory/lock/package.json',
          'dist/toolkit/catalogue/memory/lock/package-lock.json',
        ].map((file) => `package/${file}`),
      ),
    )
    const known =
      /^package\/(LICENSE|(README|CHANGELOG)\.md|package\.json|bin\/mcp-bridge\.js|dist\/[\w./-]+\.(js|d\.ts)|dist\/mcp-bridge\.bundle\.(cjs|LICENSES\.txt)|dist\/toolkit\/(toolkit\.bundle\.(cjs|LICENSES\.txt)|(base|catalogue|local-images)\/.+))$/
    expect(files.filter((file) => !known.test(file))).toEqual([])
    expect(files.filter((file) => /\.(test|doc)\.|tsbuildinfo|testkit/.test(file))).toEqual([])
  })

  test('needs no other package', async () => {
    const manifest = JSON.parse(await run(['tar', '-xzOf', tarball, 'package/package.json']))
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta, engines } = manifest
    expect({ dependencies, optionalDependencies }).toEqual({})
    // What sends traces, where somebody wants that; no package manager installs it, or misses it.
    const names = Object.keys(peerDependencies)
    expect(names.filter((name) => !name.startsWith('@opentelemetry/exporter-'))).toEqual([])
    expect(peerDependenciesMeta).toEqual(Object.fromEntries(names.map((name) => [name, { optional: true }])))
    expect(engines).toEqual({ node: '>=22.12' })
  })
})

describe('npx in an empty folder', () => {
  let folder: string

  beforeAll(() => (folder = tempDir()))

  // Who starts npx has its pid; a terminal, and most supervisors, signal the group.
  test.for([
    ['SIGTERM', 'npx alone'],
    ['SIGTERM', 'its group'],
    ['SIGINT', 'its group'],
  ] as const)(
    'serves a tool on both wires; %s to %s ends all of it',
    { timeout: 180_000 },
    async ([signal, receiver]) => {
      // npx takes an absolute path for a program to run, a relative one for a package.
      const command = ['npx', '-y', relative(folder, tarball), '--port', '0', '--', ...ECHO]
      const program = await launch(command, { cwd: folder, env })
      const base = await baseOf(program)
      await callEcho(base)
      const { pid, exited } = program.started
      const family = [pid, ...descendantsOf(pid)]
      expect(family.filter((each) => cmdline(each).includes('fixtures/echo')).length).toBeGreaterThan(1)

      process.kill(receiver === 'npx alone' ? pid : -pid, signal)
      await allGone(family)
      await exited
      // In order, that is: npx itself dies of the signal, and with a code of its own choice.
      expect(program.output.stderr).toContain('"msg":"closed"')
      expect(readdirSync(folder)).toEqual([])
    },
  )
})

describe('installed in a project', () => {
  let project: string

  beforeAll(async () => {
    project = await installed(tarball, env)
  }, 180_000)

  test('makes files of images, as those that are in the repository', { timeout: 120_000 }, async () => {
    const bin = join(project, 'node_modules/.bin/mcp-bridge')
    const list = JSON.parse(await run([bin, 'image', 'list', '--format', 'json'])) as { name: string }[]
    expect(list.map(({ name }) => name)).toEqual(readdirSync(join(root, 'packages/toolkit/catalogue')))
    const folder = tempDir()
    await run([bin, 'image', 'render', 'memory', '--kubernetes', '--podman', '--output', folder])
    const golden = join(root, 'packages/toolkit/golden/memory')
    const files = readdirSync(golden, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => relative(golden, join(parentPath, name)))
    for (const file of files)
      expect(readFileSync(join(folder, file), 'utf8')).toBe(readFileSync(join(golden, file), 'utf8'))
    const lock = 'packages/toolkit/catalogue/memory/lock/package-lock.json'
    expect(readFileSync(join(folder, 'lock/package-lock.json'))).toEqual(readFileSync(join(root, lock)))
    const hostile = await outcomeOf([bin, 'image', 'render', 'npx:x@1.0.0 && id', '--output', folder])
    expect(hostile).toMatchObject({ code: 1, stdout: '' })
  })

  test(
    'without a package of OpenTelemetry it serves, and says what to install',
    { timeout: 120_000 },
    async () => {
      const bin = join(project, 'node_modules/.bin/mcp-bridge')
      const program = await launch([bin, '--port', '0', '--', ...ECHO], {
        cwd: project,
        env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
      })
      await callEcho(await baseOf(program))
      const install = 'npm install @opentelemetry/exporter-trace-otlp-proto'
      await eventually(() => program.output.stderr.includes(`"install":"${install}"`), {
        what: 'what to install',
      })
      program.started.process.kill('SIGTERM')
      expect(await program.started.exited).toEqual({ code: 0, signal: null })
    },
  )

  test('createBridge serves both wires and closes', { timeout: 120_000 }, async () => {
    const script = [
      "import { createBridge } from 'mcp-bridge'",
      `const bridge = createBridge({ command: ${JSON.stringify(ECHO)}, port: 0 })`,
      'const { port } = await bridge.listen()',
      'console.log(`listening on http://127.0.0.1:${port}/mcp`)',
      "process.once('SIGTERM', () => bridge.close().then(() => console.log('closed')))",
    ]
    writeFileSync(join(project, 'main.js'), script.join('\n'))
    const program = await launch(['node', 'main.js'], { cwd: project })
    const base = await baseOf(program)
    await callEcho(base)
    const family = [program.started.pid, ...descendantsOf(program.started.pid)]

    program.started.process.kill('SIGTERM')
    // Nobody calls process.exit: once closed, nothing of the bridge keeps the process alive.
    expect(await program.started.exited).toEqual({ code: 0, signal: null })
    expect(program.output.stdout).toContain('closed')
    await allGone(family)
  })

  test('its types are complete, strict, and refuse what is wrong', { timeout: 120_000 }, async () => {
    const right = [
      "import { createBridge, type Listening } from 'mcp-bridge'",
      "const bridge = createBridge({ command: ['node', 'tool.js'], port: 0 })",
      'const listening: Listening = await bridge.listen()',
      'const port: number = listening.port',
      'await bridge.close()',
      'export { port }',
    ]
    // The error that is expected must be there: types that are all `any` would not do.
    const wrong = [
      "import { createBridge } from 'mcp-bridge'",
      '// @ts-expect-error the command is a list',
      "export const bridge = createBridge({ command: 'node tool.js' })",
    ]
    writeFileSync(join(project, 'right.ts'), right.join('\n'))
    writeFileSync(join(project, 'wrong.ts'), wrong.join('\n'))
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext']
    const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
    const tsc = join(root, 'node_modules/.bin/tsc')
    const check = run([tsc, ...options, ...types, 'right.ts', 'wrong.ts'], { cwd: project })
    await expect(check).resolves.toBe('')
  })
})

describe('npm start in the checkout', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    'prints how to connect to a real server; %s to its group ends all of it',
    { timeout: 240_000 },
    async (signal) => {
      const program = await launch(['npm', 'start'], { cwd: root, env: { MCP_BRIDGE_PORT: '0' } })
      const [, json = ''] = await program.until(/^Client configuration:\n(\{\n.*?^\})$/ms, 200_000)
      const { stdout } = program.output
      const [, mcpUrl = ''] = /^ +Streamable HTTP +(\S+)$/m.exec(stdout) ?? []
      const [, sseUrl = ''] = /^ +HTTP\+SSE +(\S+)$/m.exec(stdout) ?? []
      expect(mcpUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/)
      expect(sseUrl).toBe(mcpUrl.replace(/mcp$/, 'sse'))
      expect(stdout).toMatch(/^ +tool +mcp-server-everything stdio$/m)
      expect(stdout).toMatch(/^ +answers as +mcp-servers\/everything 2\.0\.0,/m)
      expect(stdout).toMatch(/^ +\d+ tools +echo, get-annotated-message, .+ and \d+ more$/m)
      expect(JSON.parse(json)).toEqual({ mcpServers: { everything: { type: 'http', url: mcpUrl } } })

      for (const wire of wires) {
        const { client, leave } = await connect(wire, { url: (path = '') => new URL(path, mcpUrl).href })
        const sum = await client.callTool({ name: 'get-sum', arguments: { a: 20, b: 22 } })
        expect(textOf(sum)).toBe('The sum of 20 and 22 is 42.')
        await leave()
      }
      const family = [program.started.pid, ...descendantsOf(program.started.pid)]
      expect(family.filter((pid) => cmdline(pid).includes('server-everything')).length).toBeGreaterThan(0)

      // As a terminal or a supervisor does it.
      process.kill(-program.started.pid, signal)
      await program.started.exited
      await allGone(family)
    },
  )
})

/** Where it listens, once it says so. */
async function baseOf(program: Program): Promise<string> {
  const [, base = ''] = await program.until(/(http:\/\/127\.0\.0\.1:\d+)\/mcp$/m, 150_000)
  return base
}

async function callEcho(base: string): Promise<void> {
  for (const wire of wires) {
    const { client, leave } = await connect(wire, { url: (path = '') => `${base}${path}` })
    const result = await client.callTool({ name: 'echo', arguments: { text: `over ${wire}` } })
    expect(textOf(result)).toBe(`over ${wire}`)
    await leave()
  }
}

/** Some have lost their parents on the way: they are remembered by pid. */
async function allGone(family: readonly number[]): Promise<void> {
  expect(family.length).toBeGreaterThan(1)
  await eventually(() => family.every((pid) => !isAlive(pid)), {
    what: `the end of ${family.map((pid) => `${pid} ${cmdline(pid)}`).join(', ')}`,
  })
}
