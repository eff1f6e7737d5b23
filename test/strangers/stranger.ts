// strangers/stranger: one package from its name to an answer on both wires: built, started hardened with no way out, asked, stopped, removed.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { tempDir } from '@mcp-bridge/testkit'
import { withClient } from '../containers/client.ts'
import { addressOf, attempt, ca, docker, stateOf } from '../containers/docker.ts'
import type { Stranger } from './list.ts'

const BRIDGE = fileURLToPath(new URL('../../packages/bridge/bin/mcp-bridge.js', import.meta.url))
/** Longer than `--start-timeout`, after which the container has ended by itself. */
const PATIENCE_MS = 180_000
const HARDENED = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']

export interface Result {
  source: string
  version: string
  buildMs: number
  sizeBytes: number
  /** Until it was healthy, or had ended. */
  readyMs?: number
  tools?: number
  /** What went wrong, in one line; none if it works. */
  cause?: string
}

interface Report {
  tag: string
  sizeBytes: number
  durationMs: number
}

export async function tryStranger({
  source,
  options = [],
  variables = {},
  args = [],
  file,
}: Stranger): Promise<Result> {
  const { code, stdout, stderr } = await build([source, ...options], args)
  const unbuilt = { source, version: '', buildMs: 0, sizeBytes: 0 }
  let report: Report
  try {
    report = JSON.parse(stdout) as Report
  } catch {
    return { ...unbuilt, cause: `not built (exit code ${code}): ${causeIn(stderr)}` }
  }
  const { tag, sizeBytes, durationMs: buildMs } = report
  const built = { source, version: versionOf(tag), buildMs, sizeBytes }
  try {
    return { ...built, ...(await serve(tag, variables, file)) }
  } finally {
    await docker('image', 'rm', '--force', tag)
  }
}

async function serve(
  tag: string,
  variables: Readonly<Record<string, string>>,
  file: Stranger['file'],
): Promise<Partial<Result>> {
  const name = `mcp-bridge-test-stranger-${process.pid}`
  const token = randomBytes(12).toString('hex')
  const environment = Object.entries({ ...variables, MCP_BRIDGE_TOKEN: token })
  await docker('network', 'create', '--internal', name)
  try {
    await docker(
      ...['run', '--detach', '--name', name, '--network', name, ...HARDENED, '--tmpfs', '/tmp:mode=1777'],
      ...environment.flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...(file === undefined ? [] : ['--volume', `${mounted(file.content)}:${file.path}:ro`]),
      tag,
    )
    const readyMs = await healthyMs(name)
    if (readyMs === undefined) return await ended(name)
    const base = `http://${await addressOf(name, name)}:8000`
    const counts: number[] = []
    for (const path of ['/mcp', '/sse'] as const)
      counts.push(
        await withClient(base, path, token, async (client) => (await client.listTools()).tools.length),
      )
    await docker('stop', name)
    const { ExitCode } = await stateOf(name)
    if (new Set(counts).size > 1) return { readyMs, cause: `the wires differ: ${counts.join(' and ')} tools` }
    if (ExitCode !== 0) return { readyMs, tools: counts[0]!, cause: `stopped with exit code ${ExitCode}` }
    return { readyMs, tools: counts[0]! }
  } catch (error) {
    return { cause: (error as Error).message.split('\n')[0] ?? '' }
  } finally {
    await attempt('rm', '--force', '--volumes', name)
    await docker('network', 'rm', name)
  }
}

function mounted(content: string): string {
  const path = join(tempDir(), 'file')
  writeFileSync(path, content, { mode: 0o644 })
  // The user of the image has to get there.
  chmodSync(dirname(path), 0o755)
  return path
}

/** Undefined for one that has ended, or is not healthy however long it is waited for. */
async function healthyMs(name: string): Promise<number | undefined> {
  for (const from = Date.now(); Date.now() - from < PATIENCE_MS; await delay(250)) {
    const { Status, StartedAt, Health } = await stateOf(name)
    if (Status !== 'running') return undefined
    const first = Health?.Log.find(({ ExitCode }) => ExitCode === 0)
    if (first !== undefined) return Date.parse(first.End) - Date.parse(StartedAt)
  }
  return undefined
}

async function ended(name: string): Promise<Partial<Result>> {
  const { Status, StartedAt, FinishedAt } = await stateOf(name)
  const { stderr } = await attempt('logs', name)
  if (Status === 'running') return { cause: 'still starting after three minutes' }
  return { readyMs: Date.parse(FinishedAt) - Date.parse(StartedAt), cause: causeIn(stderr) }
}

/** What the bridge or the build says in the end, with what to do about it. */
function causeIn(stderr: string): string {
  const lines = stderr.split('\n')
  const [hint = '', said = ''] = [/^ {2}→ (.*)/, /^mcp-bridge: (.*)/].map(
    (pattern) => lines.map((line) => pattern.exec(line)?.[1]).findLast((found) => found !== undefined) ?? '',
  )
  const complaints = [...stderr.matchAll(/^ {2}\| (?:#\d+ )?(?:[\d.]+ )?(.*\b(?:error|missing)\b.*)/gim)]
  const complaint = complaints
    .slice(0, 3)
    .map(([, text = '']) => text)
    .join('; ')
  return [said.replace(/:$/, ''), hint || complaint].filter(Boolean).join(': ') || 'it says nothing'
}

function build(
  what: readonly string[],
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, ...(ca === undefined ? {} : { BUILD_CA: ca }) }
  const behind = args.length === 0 ? [] : ['--', ...args]
  const command = [BRIDGE, 'image', 'build', ...what, '--format', 'json', ...behind]
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

/** `mcp-name:1.2.3-0123456789ab` */
function versionOf(tag: string): string {
  return /:(.+)-[0-9a-f]{12}$/.exec(tag)?.[1] ?? tag
}
