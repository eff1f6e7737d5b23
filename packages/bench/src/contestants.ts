// contestants: who takes part, and how each is started.
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BRIDGE, CHILD, FLOOR, HOP } from './built.ts'
import type { WireName } from './wire/wire.ts'

export interface Contestant {
  /** On the command line and in the results. */
  name: string
  label: string
  wire: WireName
  /** Of the endpoint that a client is given. */
  path: string
  /** `{node}`, `{port}`, `{child}` and `{config}` (the file with `config` in it) are filled in; no shell reads it. */
  command: readonly string[]
  /** The text of a configuration file, where the contestant wants one. */
  config?: string
  /** Sent with `initialize`, as by a client that begins anew. */
  oldSession?: string
  /** It starts a child for each session: a thousand of them would measure the children. */
  isChildPerSession: boolean
}

/** What `--peer name=profile.json` reads; see README.md. `config` is written out as JSON. */
interface Profile {
  command: string[]
  path: string
  wire: WireName
  label?: string
  config?: unknown
  isChildPerSession?: boolean
}

interface Manifest {
  version: string
  bin: Record<string, string>
}

const NODE = process.execPath
const PYTHON_PEER = 'MCP_BRIDGE_BENCH_MCP_PROXY'

export function contestants(peers: readonly string[]): Contestant[] {
  return [
    DIRECT,
    floor('shared'),
    floor('session'),
    STATELESS_FLOOR,
    ours('shared', 'streamable'),
    oneOf(50),
    measured(),
    HOPPED,
    ours('session', 'streamable'),
    ours('pool', 'streamable'),
    ours('shared', 'sse'),
    ours('session', 'sse'),
    stateless('session', 'older'),
    stateless('shared', 'older'),
    stateless('session', 'modern'),
    stateless('shared', 'modern'),
    supergateway('streamable'),
    supergateway('sse'),
    npmProxy('streamable'),
    npmProxy('sse'),
    ...pythonProxy(process.env[PYTHON_PEER]),
    ...peers.flatMap(peer),
  ]
}

/** What differs from start to start. */
export interface Start {
  port: number
  /** Of measures; names the profile. */
  group: string
  configFile: string
}

/** The command with everything filled in. */
export function commandOf({ command }: Contestant, { port, group, configFile }: Start): string[] {
  const values = { port: String(port), group, child: CHILD, config: configFile, node: NODE }
  return command.map((part) => fill(part, values))
}

/** The same under the profiler of Node: one file for each group of measures. Others stay as they are. */
export function profiledIn(folder: string, entrant: Contestant): Contestant {
  const [program, ...args] = entrant.command
  if (program !== NODE) return entrant
  const file = `--cpu-prof-name=${entrant.name}-{group}.cpuprofile`
  return { ...entrant, command: [NODE, '--cpu-prof', `--cpu-prof-dir=${folder}`, file, ...args] }
}

export function configOf({ config = '' }: Contestant, port: number): string {
  return fill(config, { port: String(port), child: CHILD, node: NODE })
}

function fill(text: string, values: Record<string, string>): string {
  return text.replaceAll(
    /\{(port|group|child|config|node)\}/g,
    (whole, name: string) => values[name] ?? whole,
  )
}

/** The child itself: what its latency is without a bridge. */
const DIRECT: Contestant = {
  name: 'stdio',
  label: 'no bridge, stdio',
  wire: 'stdio',
  path: '',
  command: [NODE, '{child}'],
  isChildPerSession: false,
}

function floor(mode: 'shared' | 'session'): Contestant {
  return {
    name: mode === 'shared' ? 'floor' : 'floor-session',
    label: mode === 'shared' ? 'floor, one child' : 'floor, a child per session',
    wire: 'streamable',
    path: '/mcp',
    command: [NODE, FLOOR, '{port}', mode],
    isChildPerSession: mode === 'session',
  }
}

/** The same for 2026-07-28, which knows no sessions: what a modern child says needs no translation. */
const STATELESS_FLOOR: Contestant = {
  ...floor('shared'),
  name: 'floor-stateless',
  label: 'floor, 2026-07-28',
  wire: 'stateless',
  command: [NODE, FLOOR, '{port}', 'shared', 'modern'],
}

/** Each session is opened at the second of two replicas, and called through the first. */
const HOPPED: Contestant = {
  name: 'ours-shared-hop',
  label: 'mcp-bridge, shared, over a hop',
  wire: 'streamable',
  path: '/mcp',
  command: [NODE, HOP, '{port}', '{child}'],
  oldSession: 'r2.ended',
  isChildPerSession: false,
}

/** With all defaults but room for the sessions; the pool has 4 processes, as the other modes have with 4 sessions. */
function ours(mode: 'session' | 'shared' | 'pool', wire: WireName): Contestant {
  const limits = ['--max-sessions', '2000', '--max-children', mode === 'pool' ? '4' : '256']
  return {
    name: wire === 'sse' ? `ours-${mode}-sse` : `ours-${mode}`,
    label: `mcp-bridge, ${mode}${wire === 'sse' ? ', SSE' : ''}`,
    wire,
    path: wire === 'sse' ? '/sse' : '/mcp',
    command: [NODE, BRIDGE, '--port', '{port}', '--children', mode, ...limits, '--', NODE, '{child}'],
    isChildPerSession: mode === 'session',
  }
}

/** The same tool as one of so many in a client's file. Nobody asks for the others, and nothing of them is started. */
function oneOf(count: number): Contestant {
  const alone = ours('shared', 'streamable')
  const options = alone.command.slice(0, alone.command.indexOf('--'))
  const names = Array.from({ length: count }, (_, index) => `tool-${index + 1}`)
  const entry = { command: '{node}', args: ['{child}'] }
  return {
    ...alone,
    name: `${alone.name}-of-${count}`,
    label: `${alone.label}, one of ${count} tools`,
    path: `/${names[count >> 1]}/mcp`,
    command: [...options, '--servers', '{config}'],
    config: JSON.stringify({ mcpServers: Object.fromEntries(names.map((name) => [name, entry])) }),
  }
}

/** The same with all its calls counted for Prometheus, and nobody who asks. */
function measured(): Contestant {
  const { command, ...plain } = ours('shared', 'streamable')
  const at = command.indexOf('--')
  return {
    ...plain,
    name: `${plain.name}-metrics`,
    label: `${plain.label}, with --metrics`,
    command: [...command.slice(0, at), '--metrics', ...command.slice(at)],
  }
}

/** For clients of 2026-07-28: in front of a child that begins with initialize, or of one that knows nothing else than they. */
function stateless(mode: 'session' | 'shared', child: 'older' | 'modern'): Contestant {
  const { command, ...same } = ours(mode, 'streamable')
  const isModern = child === 'modern'
  return {
    ...same,
    name: `${same.name}-${isModern ? 'modern' : 'translated'}`,
    label: `${same.label}, 2026-07-28${isModern ? '' : ' translated'}`,
    wire: 'stateless',
    command: [...command, ...(isModern ? ['modern'] : [])],
    isChildPerSession: same.isChildPerSession && !isModern,
  }
}

/** Its log holds each message in full; it runs without. */
function supergateway(wire: WireName): Contestant {
  const { script, version } = packageOf(import.meta.resolve('supergateway/package.json'), 'supergateway')
  const transport = wire === 'sse' ? ['sse'] : ['streamableHttp', '--stateful']
  const stdio = ['--stdio', `"${NODE}" "{child}"`, '--outputTransport', ...transport]
  return {
    name: wire === 'sse' ? 'supergateway-sse' : 'supergateway',
    label: `supergateway ${version}, ${wire === 'sse' ? 'SSE' : 'stateful'}`,
    wire,
    path: wire === 'sse' ? '/sse' : '/mcp',
    command: [NODE, script, ...stdio, '--port', '{port}', '--logLevel', 'none'],
    isChildPerSession: wire === 'streamable',
  }
}

function npmProxy(wire: WireName): Contestant {
  const { script, version } = packageOf(import.meta.resolve('mcp-proxy/package.json'), 'mcp-proxy')
  const listen = ['--host', '127.0.0.1', '--port', '{port}', '--server', wire === 'sse' ? 'sse' : 'stream']
  return {
    name: wire === 'sse' ? 'npm-mcp-proxy-sse' : 'npm-mcp-proxy',
    label: `mcp-proxy ${version} (npm)${wire === 'sse' ? ', SSE' : ''}`,
    wire,
    path: wire === 'sse' ? '/sse' : '/mcp',
    command: [NODE, script, ...listen, '--', NODE, '{child}'],
    isChildPerSession: false,
  }
}

function pythonProxy(file: string | undefined): Contestant[] {
  if (file === undefined || file === '') return []
  const command = [file, '--host', '127.0.0.1', '--port', '{port}', '--log-level', 'ERROR', NODE, '{child}']
  const shared = { command, isChildPerSession: false }
  return [
    { name: 'pypi-mcp-proxy', label: 'mcp-proxy (PyPI)', wire: 'streamable', path: '/mcp', ...shared },
    { name: 'pypi-mcp-proxy-sse', label: 'mcp-proxy (PyPI), SSE', wire: 'sse', path: '/sse', ...shared },
  ]
}

/** `name=profile.json`, or `name=path` of the Go binary of TBXark/mcp-proxy, in both of its wires. */
function peer(given: string): Contestant[] {
  const [name = '', ...rest] = given.split('=')
  const file = rest.join('=')
  if (name === '' || file === '') throw new Error(`--peer ${given}: write name=path`)
  if (file.endsWith('.json')) return [profiled(name, file)]
  return [goPeer(name, file, 'streamable'), goPeer(name, file, 'sse')]
}

function profiled(name: string, file: string): Contestant {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const { command, path, wire, label = name, config, isChildPerSession = false } = profile
  const isComplete = Array.isArray(command) && typeof path === 'string'
  if (!isComplete || (wire !== 'streamable' && wire !== 'sse')) {
    throw new Error(`${file}: needs command (a list), path, and wire (streamable or sse)`)
  }
  const written = config === undefined ? {} : { config: JSON.stringify(config) }
  return { name, label, wire, path, command, isChildPerSession, ...written }
}

function goPeer(name: string, file: string, wire: WireName): Contestant {
  const type = wire === 'sse' ? 'sse' : 'streamable-http'
  const listen = { baseURL: 'http://127.0.0.1:{port}', addr: '127.0.0.1:{port}', type }
  const config = {
    mcpProxy: { ...listen, name: 'bench', version: '1.0.0' },
    mcpServers: { echo: { command: '{node}', args: ['{child}'] } },
  }
  return {
    name: wire === 'sse' ? `${name}-sse` : name,
    label: `${basename(file)} (${name}, Go)${wire === 'sse' ? ', SSE' : ''}`,
    wire,
    path: wire === 'sse' ? '/echo/sse' : '/echo/mcp',
    command: [file, '--config', '{config}'],
    config: JSON.stringify(config),
    isChildPerSession: false,
  }
}

/** Its version, and the script behind its command, so that no wrapper is measured. */
function packageOf(manifest: string, name: string): { script: string; version: string } {
  const file = fileURLToPath(manifest)
  const { bin, version } = JSON.parse(readFileSync(file, 'utf8')) as Manifest
  return { script: join(dirname(file), bin[name] ?? ''), version }
}
