// prometheus: a real one scrapes a bridge as compose/observe has it; each query of the dashboard finds something, and the alerts fire.
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  cleanEnv,
  eventually,
  fixture,
  ModernClient,
  send,
  SseClient,
  start,
  startBridge,
  StreamableClient,
  tempDir,
  type RunningBridge,
  type Started,
} from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { freePort } from '../e2e/port.ts'

/** The ranges of rates: with a scrape a second, what five minutes are at one in 15 s. */
const RANGE = '15s'
const observed = (file: string) =>
  readFileSync(new URL(`../../compose/observe/${file}`, import.meta.url), 'utf8')
const alerts = observed('alerts.yml')

// The last is run first.
nothingLeft(afterAll)
let bridge: RunningBridge
let prometheus: Started
let api: (path: string, query?: Record<string, string>) => Promise<any>
const over = new AbortController()
let load: Promise<unknown> = Promise.resolve()

beforeAll(async () => {
  const folder = tempDir()
  bridge = await observedBridge(folder)
  const { port: metrics } = await bridge.until(({ msg }) => msg === 'metrics listening')
  const port = await freePort('127.0.0.1')
  const nobody = await freePort('127.0.0.1')
  writeFileSync(join(folder, 'token'), 'of-prometheus')
  writeFileSync(
    join(folder, 'prometheus.yml'),
    observed('prometheus.yml')
      .replaceAll(': 15s', ': 1s')
      .replace('# authorization:', 'authorization:')
      .replace(`'127.0.0.1:9464'`, `'127.0.0.1:${String(metrics)}', '127.0.0.1:${nobody}'`),
  )
  writeFileSync(
    join(folder, 'alerts.yml'),
    alerts.replaceAll(/\bfor: \d+m/g, 'for: 2s').replaceAll(/\[\d+m\]/g, `[${RANGE}]`),
  )
  const storage = join(folder, 'data')
  mkdirSync(storage)
  prometheus = await start(
    [
      'prometheus',
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${storage}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { env: cleanEnv(), stdio: 'ignore' },
  )
  api = async (path, query = {}) => {
    const reply = await send({ port, path: `/api/v1/${path}?${String(new URLSearchParams(query))}` })
    const { status, data, error } = reply.json()
    if (status !== 'success') throw new Error(`${JSON.stringify(query)}: ${error}`)
    return data
  }
  await eventually(() => api('rules'), { what: 'Prometheus' })
  load = busy(bridge.port)
})

afterAll(async () => {
  over.abort()
  await load
  prometheus.process.kill()
  await prometheus.exited
  const { code, signal } = await bridge.stop()
  if (code !== 0) throw new Error(`the bridge ended with ${String(code ?? signal)}`)
})

/** One server that works, one that cannot start, and one that is large. */
async function observedBridge(folder: string): Promise<RunningBridge> {
  const [node, echo = ''] = fixture('echo')
  const hoarding = 'globalThis.hoard = Buffer.alloc(300 * 2 ** 20, 1); import(process.argv[1])'
  const servers = {
    good: { command: [node, echo] },
    dead: { command: fixture('dies-at-start'), start: 'eager' },
    large: { command: [node, '-e', hoarding, echo], warm: 0 },
  }
  const people = ['ann', 'ben', 'prometheus']
  const clients = Object.fromEntries(people.map((name) => [name, { token: `of-${name}` }]))
  const file = join(folder, 'bridge.json')
  writeFileSync(file, JSON.stringify({ servers, clients }))
  return startBridge(['--config', file, '--metrics-port', '0', '--audit', join(folder, 'audit.jsonl')])
}

/** Until the end: calls that go well, and calls that do not, on all wires. */
async function busy(port: number): Promise<void> {
  const headers = { authorization: 'Bearer of-ann' }
  const large = new StreamableClient({ port, headers, path: '/large/mcp' })
  await large.initialize()
  while (!over.signal.aborted) {
    const streamable = new StreamableClient({ port, headers, path: '/good/mcp' })
    await streamable.initialize()
    const sse = new SseClient({ port, headers, path: '/good/sse' })
    await sse.connect()
    await sse.initialize()
    const modern = new ModernClient({ port, headers, path: '/good/mcp' })
    await Promise.all([
      ...[streamable, sse, modern].flatMap((client) => [
        client.request('tools/call', { name: 'echo', arguments: { text: 'hello' } }),
        client.request('tools/call', { name: 'big', arguments: { bytes: -1 } }),
        client.request('tools/list', {}),
      ]),
      crash(port),
      ...Array.from({ length: 5 }, () =>
        send({ port, path: '/good/mcp', method: 'POST', headers: { authorization: 'Bearer of-nobody' } }),
      ),
    ])
    await streamable.del()
    sse.close()
  }
  await large.del()
}

/** Somebody else's: what he has to wait for after each crash nobody else has to. */
async function crash(port: number): Promise<void> {
  const client = new StreamableClient({
    port,
    headers: { authorization: 'Bearer of-ben' },
    path: '/good/mcp',
  })
  const { error } = await client.initialize()
  if (error === undefined) await client.request('tools/call', { name: 'crash' })
}

interface Panel {
  title: string
  targets?: { expr: string }[]
}

test('prometheus.dashboard: each of its queries finds something', async () => {
  const { panels } = JSON.parse(observed('dashboard.json')) as { panels: Panel[] }
  const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
  expect(queries.length).toBeGreaterThan(30)
  for (const { title, expr } of queries) {
    const query = expr.replaceAll(/\$(?:job|instance|server)\b/g, '.*').replaceAll('$__rate_interval', RANGE)
    expect(query).not.toContain('$')
    await eventually(
      async () => {
        const { result } = await api('query', { query })
        return result.some(({ value }: { value: [number, string] }) => Number.isFinite(Number(value[1])))
      },
      { what: `something for "${title}": ${query}`, withinMs: 60_000 },
    )
  }
})

interface Alert {
  labels: Record<string, string>
  annotations: object
  state: string
}

async function firingAlerts(): Promise<Alert[]> {
  const { alerts: all } = (await api('alerts')) as { alerts: Alert[] }
  return all.filter(({ state }) => state === 'firing')
}

/** Those that a bridge can be brought to within a minute; the others are judged by promtool below. */
const FIRING: Record<string, object> = {
  McpBridgeDown: { severity: 'critical' },
  McpToolNotReady: { severity: 'critical', server: 'dead' },
  McpToolCrashing: { severity: 'warning', server: 'good' },
  McpCallsFailing: { server: 'good', code: 'child_exited' },
  McpToolFailing: { server: 'good', gen_ai_tool_name: 'crash' },
  McpProcessLarge: { server: 'large' },
  McpTokensTried: { severity: 'warning' },
}

test('prometheus.alerts: they fire for a bridge that is down, a tool that crashes, fails, or is too large, and for tokens that are tried', async () => {
  const found = await eventually(
    async () => {
      const all = await firingAlerts()
      for (const [alertname, labels] of Object.entries(FIRING))
        expect(all).toContainEqual(
          expect.objectContaining({ labels: expect.objectContaining({ alertname, ...labels }) }),
        )
      return all
    },
    { what: 'the alerts', withinMs: 60_000 },
  )
  const names = new Set(found.map(({ labels }) => labels['alertname']))
  expect(names).toEqual(new Set(Object.keys(FIRING)))
  expect(found.filter(({ labels }) => labels['alertname'] === 'McpToolNotReady')).toHaveLength(1)
  const texts = JSON.stringify(found.map(({ annotations }) => annotations))
  expect(texts).toContain('good at 127.0.0.1:')
  expect(texts).not.toMatch(/<no value>|NaN|error/)
})

/** Over half an hour, a sample each minute: what it takes, and what does not do yet. */
const JUDGED: Record<string, { loud: Series[]; quiet: Series[] }> = {
  McpToolSlow: {
    loud: [slow('30', 0), slow('60', 10), slow('+Inf', 10)],
    quiet: [slow('30', 10), slow('60', 10), slow('+Inf', 10)],
  },
  McpToolChanged: {
    loud: [['mcp_bridge_changed_tools{JOB}', '1x30']],
    quiet: [['mcp_bridge_changed_tools{JOB}', '0x30']],
  },
  McpAuditFailing: {
    loud: [['mcp_bridge_audit_ready{JOB}', '0x30']],
    quiet: [
      ['mcp_bridge_audit_ready{JOB}', '1x30'],
      ['mcp_bridge_audit_dropped_lines_total{JOB}', '0x30'],
    ],
  },
  McpQueueFilling: filling('mcp_bridge_queue_requests', 'mcp_bridge_queue_limit_requests', 60, 40),
  McpMemoryFilling: filling('mcp_bridge_kept_bytes', 'mcp_bridge_kept_limit_bytes', 90, 70),
  McpEventLoopLate: {
    loud: [['nodejs_eventloop_delay_p99_seconds{JOB}', '0.7x30']],
    quiet: [['nodejs_eventloop_delay_p99_seconds{JOB}', '0.1x30']],
  },
}
type Series = [name: string, values: string]

function slow(le: string, perMinute: number): Series {
  const labels = `JOB, mcp_method_name="tools/call", gen_ai_tool_name="echo", le="${le}"`
  return [`mcp_server_operation_duration_seconds_bucket{${labels}}`, `0+${perMinute}x30`]
}

function inputSeries(all: Series[]) {
  return all.map(([name, values]) => ({
    series: name.replace('JOB', 'job="mcp-bridge", instance="a"'),
    values,
  }))
}

function filling(name: string, limit: string, loud: number, quiet: number) {
  const at = (used: number): Series[] => [
    [`${name}{JOB}`, `${used}x30`],
    [`${limit}{JOB}`, '100x30'],
  ]
  return { loud: at(loud), quiet: at(quiet) }
}

test('prometheus.alerts: the others fire by what they say, and each of all is looked at', async () => {
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
  expect(new Set(names)).toEqual(new Set([...Object.keys(FIRING), ...Object.keys(JUDGED)]))
  const folder = tempDir()
  writeFileSync(join(folder, 'alerts.yml'), alerts)
  const tests = Object.entries(JUDGED).flatMap(([alertname, { loud, quiet }]) => {
    const expr = `count(ALERTS{alertname="${alertname}", alertstate="firing"})`
    const asked = { expr, eval_time: '29m' }
    return [
      {
        interval: '1m',
        input_series: inputSeries(loud),
        promql_expr_test: [{ ...asked, exp_samples: [{ labels: '{}', value: 1 }] }],
      },
      { interval: '1m', input_series: inputSeries(quiet), promql_expr_test: [{ ...asked, exp_samples: [] }] },
    ]
  })
  // JSON is YAML.
  writeFileSync(join(folder, 'test.yml'), JSON.stringify({ rule_files: ['alerts.yml'], tests }))
  const promtool = async (...args: string[]) =>
    promisify(execFile)('promtool', args, { env: cleanEnv(), cwd: folder })
  expect((await promtool('check', 'rules', 'alerts.yml')).stdout).toContain(`${names.length} rules found`)
  await promtool('test', 'rules', 'test.yml')
})
