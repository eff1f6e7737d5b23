// stack/engine: the Docker engine of the tests: one of our own, or the machine's.
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../e2e/command.ts'

const SCRIPT = fileURLToPath(new URL('../containers/engine.sh', import.meta.url))
/** Where the script keeps its state. */
const STATE = process.env['MCP_BRIDGE_ENGINE'] ?? join(tmpdir(), 'mcp-bridge-engine')
const PATIENCE_MS = 600_000

/** The machine's own is nobody's to restart. */
export function isOurs(): boolean {
  return existsSync(join(STATE, 'ours'))
}

export function engine(verb: 'start' | 'stop' | 'status' | 'env'): Promise<string> {
  return run([SCRIPT, verb], { env: { MCP_BRIDGE_ENGINE: STATE }, withinMs: PATIENCE_MS })
}

/** What reaches it, for the environment of a command. Throws Error if none answers. */
export async function engineEnv(): Promise<Record<string, string>> {
  await engine('status').catch((cause: unknown) => {
    throw new Error('no Docker engine answers: test/containers/engine.sh start', { cause })
  })
  const text = await run(['bash', '-c', `${await engine('env')}\nenv -0`])
  return Object.fromEntries(
    text
      .split('\0')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
      .filter(([name]) => /^(DOCKER_\w+|PATH)$/.test(name)),
  )
}
