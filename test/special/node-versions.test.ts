// The packed tarball on every Node that it promises to run on.
import { join } from 'node:path'
import { descendantsOf, eventually, fixture, isAlive, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch, outcomeOf, registryEnv, run } from '../e2e/command.ts'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { textOf } from '../e2e/real-servers.ts'
import { installed, pack } from '../e2e/tarball.ts'
import { connect, wires } from '../e2e/wires.ts'

let env: Record<string, string>
let bin: string

beforeAll(async () => {
  env = registryEnv(tempDir())
  bin = join(await installed(await pack(), env), 'node_modules/mcp-bridge/bin/mcp-bridge.js')
})

nothingLeft(afterAll)

test.for(['22.12.0', '22', '24', '26'])(
  'the packed bridge runs on Node %s, and so does its tool',
  async (version) => {
    const node = await nodeOf(version)
    expect(`${(await run([node, '--version'])).trim()}.`).toContain(`v${version}.`)
    const [, ...echo] = fixture('echo')
    const program = await launch([node, bin, '--port', '0', '--', node, ...echo])
    const [, base = ''] = await program.until(/(http:\/\/127\.0\.0\.1:\d+)\/mcp$/m)
    for (const wire of wires) {
      const { client, leave } = await connect(wire, { url: (path = '') => `${base}${path}` })
      expect(textOf(await client.callTool({ name: 'echo', arguments: { text: wire } }))).toBe(wire)
      await leave()
    }
    const family = [program.started.pid, ...descendantsOf(program.started.pid)]
    program.started.process.kill('SIGTERM')
    expect(await program.started.exited).toEqual({ code: 0, signal: null })
    // A warning of deprecation today is an error on the Node of tomorrow.
    expect(program.output.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual(
      [],
    )
    await eventually(() => !family.some(isAlive), { what: 'the end of the bridge and its children' })
  },
)

test('on Node 20 it says in one sentence what it needs', async () => {
  const outcome = await outcomeOf([await nodeOf('20'), bin, '--version'])
  expect(outcome.code).not.toBe(0)
  expect(outcome.stdout).toBe('')
  expect(outcome.stderr).toMatch(/^mcp-bridge needs Node 22\.12 or newer.*Node 20\.[^\n]*\n$/)
})

/** The newest of a version, as npm has it. */
async function nodeOf(version: string): Promise<string> {
  const folder = tempDir()
  await run(['npm', 'init', '-y'], { cwd: folder, env })
  await run(['npm', 'install', '--no-audit', '--no-fund', `node@${version}`], { cwd: folder, env })
  return join(folder, 'node_modules/node/bin/node')
}
