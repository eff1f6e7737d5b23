// bin: the real CLI as a real process.
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'
import { cleanEnv, start, type Exit } from './started.ts'

const BIN = fileURLToPath(new URL('../../bridge/bin/mcp-bridge.js', import.meta.url))

export interface BridgeOptions {
  /** Added to a small clean environment. */
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** How long it may take to listen, or to end. */
  withinMs?: number
}

/** One line of the log. */
export interface LogLine {
  level: string
  time: string
  msg: string
  [field: string]: unknown
}

export interface RunningBridge {
  readonly pid: number
  readonly port: number
  /** Where it listens, such as `http://127.0.0.1:40123/mcp`. */
  url(path?: string): string
  /** All so far. */
  readonly stdout: string
  readonly stderr: string
  readonly logs: readonly LogLine[]
  /** Pids of the children it has started so far, as its log says: the dead ones too. */
  readonly childPids: number[]
  readonly exited: Promise<Exit>
  stop(signal?: NodeJS.Signals): Promise<Exit>
  /** The first line of the log, past or to come, for which the predicate holds. */
  until(predicate: (line: LogLine) => boolean, withinMs?: number): Promise<LogLine>
}

export interface BridgeRun extends Exit {
  stdout: string
  stderr: string
  logs: LogLine[]
  durationMs: number
}

/** Starts `mcp-bridge --port 0 --log-level info ...args` and waits until it listens. */
export async function startBridge(
  args: readonly string[],
  options: BridgeOptions = {},
): Promise<RunningBridge> {
  const command = [process.execPath, BIN, '--port', '0', '--log-level', 'info', ...args]
  const { bridge, output } = await launch(command, options)
  const { pid, exited } = bridge
  let hasExited = false
  void exited.then(() => (hasExited = true))
  const until = async (predicate: (line: LogLine) => boolean, withinMs = 20_000): Promise<LogLine> => {
    const what = `a log line for which ${String(predicate)}`
    const found = await eventually(() => output.logs.find(predicate) ?? hasExited, { what, withinMs }).catch(
      () => false,
    )
    if (typeof found === 'object') return found
    const why = hasExited ? 'mcp-bridge ended' : `not within ${withinMs} ms`
    throw new Error(`${why} without ${what}; stderr:\n${output.stderr.slice(-8000)}`)
  }
  const listening = await until(({ msg }) => msg === 'listening', options.withinMs)
  const { host, port } = listening as LogLine & { host: string; port: number }
  return {
    pid,
    port,
    exited,
    until,
    logs: output.logs,
    url: (path = '/') => `http://${reachable(host)}:${port}${path}`,
    get stdout() {
      return output.stdout
    },
    get stderr() {
      return output.stderr
    },
    get childPids() {
      return output.logs.filter(({ msg }) => msg === 'child started').map((line) => Number(line['childPid']))
    },
    async stop(signal = 'SIGTERM') {
      bridge.process.kill(signal)
      return exited
    },
  }
}

/** Runs `mcp-bridge ...args` to its end; kills it and throws when that does not come. */
export async function runBridge(args: readonly string[], options: BridgeOptions = {}): Promise<BridgeRun> {
  const startedAt = performance.now()
  const { bridge, output } = await launch([process.execPath, BIN, ...args], options)
  const withinMs = options.withinMs ?? 30_000
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    bridge.process.kill('SIGKILL')
  }, withinMs)
  const exit = await bridge.exited
  clearTimeout(timer)
  if (isLate)
    throw new Error(`mcp-bridge ${args.join(' ')} did not end within ${withinMs} ms:\n${output.stderr}`)
  return { ...exit, ...output, durationMs: performance.now() - startedAt }
}

async function launch(command: readonly string[], { env, cwd }: BridgeOptions) {
  const bridge = await start(command, {
    env: cleanEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  const output = { stdout: '', stderr: '', logs: [] as LogLine[] }
  bridge.process.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  let unfinished = ''
  bridge.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
    const lines = (unfinished + text).split('\n')
    unfinished = lines.pop() ?? ''
    output.logs.push(...lines.flatMap(parseLine))
  })
  return { bridge, output }
}

/** Nothing for a line that is not of the log: a warning of Node, a usage text. */
function parseLine(line: string): LogLine[] {
  if (!line.startsWith('{')) return []
  try {
    return [JSON.parse(line) as LogLine]
  } catch {
    return []
  }
}

/** What a client of this machine calls the address that is listened on. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
