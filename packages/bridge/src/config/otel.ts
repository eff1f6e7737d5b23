// config/otel: what the standard variables of OpenTelemetry ask for; without any of them nothing is asked for.
import { randomUUID } from 'node:crypto'
import { VERSION } from '../version.ts'
import type { Environment } from './environment.ts'

export type OtlpProtocol = 'http/protobuf' | 'http/json'

/** How something is sent. Addresses, headers, certificates and deadlines are read by the exporter itself. */
export interface OtlpSettings {
  protocol: OtlpProtocol
  /** Who sends it: `service.name` and what else there is to say. */
  attributes: Readonly<Record<string, string>>
}

export interface MetricSettings extends OtlpSettings {
  intervalMs: number
}

export interface TraceSettings extends OtlpSettings {
  sampler: string
  /** Of a sampler that takes one part of all traces. */
  ratio: number
  /** Of spans that wait to be sent: how many there may be, how many are sent at once, and how long they wait. */
  maxQueue: number
  maxBatch: number
  delayMs: number
}

const SAMPLERS = ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`])
const DEFAULT_SAMPLER = 'parentbased_always_on'
const PROTOCOLS: readonly string[] = ['http/protobuf', 'http/json'] satisfies OtlpProtocol[]

/** One variable, without blanks; an empty one is none. */
type Said = (name: string) => string | undefined
type Signal = 'TRACES' | 'METRICS'

/**
 * Undefined is what is not asked for: `OTEL_TRACES_EXPORTER=otlp` asks, and so does an endpoint, unless that says
 * `none`; for metrics alike. What is wrong is a problem, one a line, and never a reason not to serve: these variables are
 * often set for everything on a machine.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function readOtel(env: Environment = process.env): {
  traces: TraceSettings | undefined
  metrics: MetricSettings | undefined
  problems: string[]
} {
  const said: Said = (name) => env[name]?.trim() || undefined
  const problems: string[] = []
  const [forTraces, forMetrics] = [
    protocolOf('TRACES', said, problems),
    protocolOf('METRICS', said, problems),
  ]
  const areAsked = forTraces !== undefined || forMetrics !== undefined
  const attributes = areAsked ? attributesOf(said, problems) : {}
  return {
    traces: forTraces && {
      protocol: forTraces,
      attributes,
      sampler: samplerOf(said, problems),
      ratio: numberOf('OTEL_TRACES_SAMPLER_ARG', 1, isPart, said, problems),
      maxQueue: numberOf('OTEL_BSP_MAX_QUEUE_SIZE', 2048, isCount, said, problems),
      maxBatch: numberOf('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, isCount, said, problems),
      delayMs: numberOf('OTEL_BSP_SCHEDULE_DELAY', 5000, isCount, said, problems),
    },
    metrics: forMetrics && {
      protocol: forMetrics,
      attributes,
      intervalMs: numberOf('OTEL_METRIC_EXPORT_INTERVAL', 60_000, isCount, said, problems),
    },
    problems: [...new Set(problems)],
  }
}

/** Undefined where it is not asked for, or cannot be. */
function protocolOf(signal: Signal, said: Said, problems: string[]): OtlpProtocol | undefined {
  if (said('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined
  const exporters = said(`OTEL_${signal}_EXPORTER`)
    ?.split(',')
    .map((each) => each.trim())
  const endpoint = said(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ?? said('OTEL_EXPORTER_OTLP_ENDPOINT')
  if (exporters === undefined ? endpoint === undefined : exporters.includes('none')) return undefined
  const protocol =
    said(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) ?? said('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/protobuf'
  if (exporters !== undefined && !exporters.includes('otlp'))
    problems.push(`OTEL_${signal}_EXPORTER is ${exporters.join(', ')}: it can be otlp, or none`)
  else if (endpoint !== undefined && !URL.canParse(endpoint))
    problems.push('the endpoint of OpenTelemetry is no address, such as http://127.0.0.1:4318')
  else if (isProtocol(protocol)) return protocol
  else
    problems.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}: it can be ${PROTOCOLS.join(' or ')}, which collectors take on port 4318`,
    )
  return undefined
}

function isProtocol(name: string): name is OtlpProtocol {
  return PROTOCOLS.includes(name)
}

function samplerOf(said: Said, problems: string[]): string {
  const name = said('OTEL_TRACES_SAMPLER') ?? DEFAULT_SAMPLER
  if (SAMPLERS.includes(name)) return name
  problems.push(`OTEL_TRACES_SAMPLER is ${name}, which is not known: it can be ${SAMPLERS.join(', ')}`)
  return DEFAULT_SAMPLER
}

function numberOf(
  name: string,
  otherwise: number,
  isRight: (value: number) => boolean,
  said: Said,
  problems: string[],
): number {
  const text = said(name)
  if (text === undefined) return otherwise
  const value = Number(text)
  if (isRight(value)) return value
  problems.push(`${name} cannot be ${text}, and is ${otherwise}`)
  return otherwise
}

function isPart(value: number): boolean {
  return value >= 0 && value <= 1
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0
}

function attributesOf(said: Said, problems: string[]): Record<string, string> {
  const name = said('OTEL_SERVICE_NAME')
  return {
    'service.name': 'mcp-bridge',
    'service.version': VERSION,
    'service.instance.id': randomUUID(),
    ...resourceOf(said('OTEL_RESOURCE_ATTRIBUTES') ?? '', problems),
    ...(name === undefined ? {} : { 'service.name': name }),
  }
}

/** "In case of any error, e.g. failure during the decoding process, the entire environment variable value SHOULD be discarded". */
function resourceOf(text: string, problems: string[]): Record<string, string> {
  const attributes: Record<string, string> = {}
  try {
    for (const pair of text.split(',')) {
      if (pair.trim() === '') continue
      const [, key = '', value = ''] = /^\s*([^=\s]+)\s*=(.*)$/.exec(pair) ?? []
      if (key === '') throw new TypeError('no key')
      attributes[key] = decodeURIComponent(value.trim())
    }
    return attributes
  } catch {
    problems.push('OTEL_RESOURCE_ATTRIBUTES is left out: it is a list of key=value, with commas between')
    return {}
  }
}
