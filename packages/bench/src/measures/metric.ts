// measures/metric: every number that a run yields: its key, name and unit.

/** Measures that share a process. `start` comes from all of them. */
export type GroupName = 'calls' | 'sessions' | 'progress' | '1KB' | '1MB' | '20MB' | 'memory'

interface Metric {
  group: GroupName | 'start'
  label: string
  unit: string
}

export const METRICS = {
  cpu1: { group: 'calls', label: 'CPU per call, 1 in flight', unit: 'µs' },
  cpu16: { group: 'calls', label: 'CPU per call, 16 in flight', unit: 'µs' },
  cpu64: { group: 'calls', label: 'CPU per call, 64 in flight', unit: 'µs' },
  cpuFirst: { group: 'calls', label: 'CPU per call, first 1,000 calls', unit: 'µs' },
  rate1: { group: 'calls', label: 'calls per second, 1 in flight', unit: '/s' },
  rate16: { group: 'calls', label: 'calls per second, 16 in flight', unit: '/s' },
  rate64: { group: 'calls', label: 'calls per second, 64 in flight', unit: '/s' },
  p50At1: { group: 'calls', label: 'p50, 1 in flight', unit: 'ms' },
  added1: { group: 'calls', label: 'added latency over stdio, p50, 1 in flight', unit: 'µs' },
  p50At16: { group: 'calls', label: 'p50, 16 in flight', unit: 'ms' },
  p50At64: { group: 'calls', label: 'p50, 64 in flight', unit: 'ms' },
  p99At1: { group: 'calls', label: 'p99, 1 in flight', unit: 'ms' },
  p99At16: { group: 'calls', label: 'p99, 16 in flight', unit: 'ms' },
  p99At64: { group: 'calls', label: 'p99, 64 in flight', unit: 'ms' },
  open: { group: 'sessions', label: 'session open to first answer', unit: 'ms' },
  cycle: {
    group: 'sessions',
    label: 'whole session (initialize, initialized, list, call, close)',
    unit: 'ms',
  },
  cycleRate: { group: 'sessions', label: 'sessions per second, 4 at once', unit: '/s' },
  cycleCpu: { group: 'sessions', label: 'CPU per whole session', unit: 'ms' },
  cycleTreeCpu: { group: 'sessions', label: 'CPU per whole session, with children', unit: 'ms' },
  cpu1KB: { group: '1KB', label: 'CPU per 1 KB result', unit: 'ms' },
  cpu1MB: { group: '1MB', label: 'CPU per 1 MB result', unit: 'ms' },
  cpu20MB: { group: '20MB', label: 'CPU per 20 MB result', unit: 'ms' },
  wall1KB: { group: '1KB', label: '1 KB result', unit: 'ms' },
  wall1MB: { group: '1MB', label: '1 MB result', unit: 'ms' },
  wall20MB: { group: '20MB', label: '20 MB result', unit: 'ms' },
  growth1KB: { group: '1KB', label: 'peak memory over idle, 1 KB results', unit: 'MiB' },
  growth1MB: { group: '1MB', label: 'peak memory over idle, 1 MB results', unit: 'MiB' },
  growth20MB: { group: '20MB', label: 'peak memory over idle, 20 MB results', unit: 'MiB' },
  progressCpu: { group: 'progress', label: 'CPU per progress notification', unit: 'µs' },
  progressShare: { group: 'progress', label: 'progress notifications that arrived', unit: '%' },
  start: { group: 'start', label: 'process start to first answered call', unit: 'ms' },
  idleCpu: { group: 'calls', label: 'CPU while idle, a session open', unit: 'ms/min' },
  rss: { group: 'calls', label: 'memory, idle', unit: 'MiB' },
  idle5: { group: 'memory', label: 'memory of 5 idle sessions', unit: 'MiB' },
  idle100: { group: 'memory', label: 'memory of 100 idle sessions', unit: 'MiB' },
  idle1000: { group: 'memory', label: 'memory of 1,000 idle sessions', unit: 'MiB' },
} as const satisfies Record<string, Metric>

export type MetricKey = keyof typeof METRICS
/** What one contestant yielded in one round. */
export type Sample = Partial<Record<MetricKey, number>>

/** What is known of the child alone: there is no bridge whose processor time and memory it could be. */
export const DIRECT_KEYS: ReadonlySet<MetricKey> = new Set([
  ...(['rate1', 'rate16', 'rate64', 'p50At1', 'p50At16', 'p50At64', 'p99At1', 'p99At16', 'p99At64'] as const),
  ...(['wall1KB', 'wall1MB', 'wall20MB', 'start'] as const),
])
export const DIRECT_GROUPS: ReadonlySet<string> = new Set([...DIRECT_KEYS].map((key) => METRICS[key].group))

export const METRIC_KEYS = Object.keys(METRICS) as MetricKey[]
