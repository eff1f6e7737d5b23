// A real server in Go, whose reader folds case and passes over null, and clients that make use of it.
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { tempDir } from '@mcp-bridge/testkit'
import { beforeAll, expect, test } from 'vitest'
import { run } from '../e2e/command.ts'
import { survive } from '../integration/hostile/siege.ts'
import { nothingLeft } from '../integration/bridges.ts'

nothingLeft()

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
let server: string

beforeAll(async () => {
  server = join(tempDir(), 'server')
  const names = /^(go[a-z0-9]*|xdg_cache_home|(https?|no|all)_proxy|ssl_cert_(file|dir))$/i
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => names.test(entry[0])),
  )
  const cwd = fileURLToPath(new URL('go', import.meta.url))
  await run(['go', 'build', '-o', server, '.'], { cwd, env, withinMs: 600_000 })
})

test.each(['session', 'shared', 'pool'])(
  `fuzz.go: %s: FUZZ_SEED=${SEED}: a server on mcp-go is not made to forge anything`,
  async (mode) => {
    expect(await survive(mode, [server], SEED)).toBeGreaterThan(500)
  },
)
