// What `.ci/run` makes of suites that fail: small ones of their own, run as it runs them.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanTemp, eventually, isAlive, tempDir } from '@mcp-bridge/testkit'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { run as command } from './e2e/command.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FIRST_TIME = `import { existsSync, writeFileSync } from 'node:fs'
const isFirstTime = !existsSync(import.meta.filename + '.ran')
writeFileSync(import.meta.filename + '.ran', '')
`
/** A dozen starts of vitest, on a machine that has other things to do. */
const PATIENCE_MS = 600_000
const GOOD = `test('good', () => {})`

interface Vice {
  /** The source of a global set-up. */
  teardown?: string
  /** The source of vitest's config, in place of one that works. */
  config?: string
  /** How the shell runs the suite for the first time. */
  first?: string
}

vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS })
afterEach(cleanTemp)

describe('of test files that fail', () => {
  let seen: string[]
  const of = (file: string) => seen.filter((line) => line.includes(`: ${file}.test.mjs: `))

  beforeAll(async () => {
    seen = await run({
      'flaky.test.mjs': `${FIRST_TIME}
        describe('deep', () => { test('in it', () => { if (isFirstTime) throw new Error() }) })
        ${GOOD}`,
      'good.test.mjs': `${FIRST_TIME}
        test('run once', () => { if (!isFirstTime) throw new Error() })
        test.skip('not now')`,
      'bad.test.mjs': `${FIRST_TIME}
        test('always', () => { throw new Error() })
        test('at first', () => { if (isFirstTime) throw new Error() })
        test('then', () => { if (!isFirstTime) throw new Error() })
        ${GOOD}`,
      'hook.test.mjs': `beforeAll(() => { throw new Error('no port') })\n${GOOD}`,
      'hook-once.test.mjs': `${FIRST_TIME}
        describe('one', () => { afterAll(() => { if (isFirstTime) throw new Error('not gone') })\n${GOOD} })`,
      'late.test.mjs': `${FIRST_TIME}
        test('good', () => { if (isFirstTime) void Promise.reject(new Error('nobody waits')) })`,
      'syntax.test.mjs': `test('good', () => {`,
      'dies.test.mjs': `test('last', () => { process.kill(process.pid, 'SIGKILL') })`,
      'dies-once.test.mjs': `${FIRST_TIME}
        test('good', () => { if (isFirstTime) process.kill(process.pid, 'SIGKILL') })`,
    })
  })

  test('one that passes the second time is flaky', () => {
    expect(of('flaky')).toEqual(['flaky: flaky.test.mjs: deep > in it'])
  })

  test('one that passes is not run again', () => {
    expect(of('good')).toEqual([])
  })

  test('one that fails again has failed; what it failed by the first time alone is flaky', () => {
    expect(of('bad')).toEqual([
      'flaky: bad.test.mjs: at first',
      'failed: bad.test.mjs: always',
      'failed: bad.test.mjs: then',
    ])
  })

  test('a hook, a promise that nobody waits for and a file that cannot be read belong to the file', () => {
    expect(of('hook')).toEqual(['failed: hook.test.mjs: Error: no port'])
    expect(of('hook-once')).toEqual(['flaky: hook-once.test.mjs: Error: not gone'])
    expect(of('late')).toEqual(['flaky: late.test.mjs: Error: nobody waits'])
    expect(of('syntax')).toEqual([expect.stringMatching(/^failed: syntax\.test\.mjs: \w*Error: /)])
  })

  test('so does the end of its process', () => {
    expect(of('dies')).toEqual([expect.stringMatching(/^failed: .*: Error: .*Worker/)])
    expect(of('dies-once')).toEqual([expect.stringMatching(/^flaky: .*: Error: .*Worker/)])
  })

  test('the last line counts each test once', () => {
    expect(seen.at(-1)).toBe('8 5 2')
    expect(seen).toHaveLength(11)
  })
})

test('a global teardown that fails is a failure that no second run hides', async () => {
  const files = { 'flaky.test.mjs': `${FIRST_TIME}test('it', () => { if (isFirstTime) throw new Error() })` }
  const teardown = `export function teardown() { throw new Error('left behind') }`
  expect(await run(files, { teardown })).toEqual([
    'flaky: flaky.test.mjs: it',
    'failed: scratch: the global teardown of the run failed',
    'failed: scratch: the global teardown of the second run failed',
    '1 2 0',
  ])
})

test('a suite that is ended because it took too long has failed, and nothing of it is run again', async () => {
  const files = {
    'hangs.test.mjs': `test('hangs', () => new Promise(() => setInterval(() => {}, 1000)))`,
  }
  // It ends as timeout(1) ends it, as soon as the test hangs.
  const ended = 'until grep -q finished suite/first; do sleep 0.1; done; kill -KILL %1; exit 124'
  expect(await run(files, { first: `"$@" & ${ended}` })).toEqual([
    'failed: scratch: the run was ended because it took too long',
    'failed: hangs.test.mjs: not finished',
    '0 2 0',
  ])
})

test('a command that outlives its minute is ended with all below it', async () => {
  const folder = tempDir()
  // On a busy machine two seconds may be too few for it to begin.
  const said = await bash(
    `for left in 2 4 8 16 32; do
      SECONDS=$((60 - left)); by 1 bash -c 'sleep 1000 & echo $! >pid; wait'; status=$?
      [ ! -s pid ] || break
    done
    echo $status`,
    folder,
  )
  expect(said).toBe('124\n')
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
  await eventually(() => !isAlive(pid), { what: 'the end of what it started' })
})

test('a suite that leaves no report has failed', async () => {
  expect(await run({ 'good.test.mjs': GOOD }, { config: 'throw new Error()' })).toEqual([
    'failed: scratch: the run left no report of its tests (exit status 1)',
    '0 1 0',
  ])
})

/** Runs a suite of these files, and once more what failed; gives the lines of the verdict. */
async function run(files: Record<string, string>, vice: Vice = {}): Promise<string[]> {
  const folder = tempDir()
  const config = {
    globals: true,
    maxWorkers: 2,
    globalSetup: [join(ROOT, '.ci/closed.mjs'), './teardown.mjs'],
    reporters: [join(ROOT, '.ci/reporter.mjs')],
  }
  const all = {
    ...files,
    'teardown.mjs': vice.teardown ?? 'export function teardown() {}',
    'vitest.config.mjs': vice.config ?? `export default { test: ${JSON.stringify(config)} }`,
  }
  for (const [name, source] of Object.entries(all)) writeFileSync(join(folder, name), source)
  const said = await bash(
    `vitest='vitest run --config vitest.config.mjs'
    first() { ${vice.first ?? '"$@"'}; }
    export -f first
    suite suite 60 scratch first $vitest >&2
    again suite 60 $vitest >&2
    node "$ci/judge.mjs" verdict suite`,
    folder,
  )
  return said.trimEnd().split('\n')
}

/** Its stdout. */
async function bash(script: string, cwd: string): Promise<string> {
  const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`
  const text = `set -uo pipefail; source ${join(ROOT, '.ci/suites.sh')}; ${script}`
  return await command(['bash', '-c', text], { cwd, env: { PATH }, withinMs: PATIENCE_MS })
}
