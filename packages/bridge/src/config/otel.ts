// config/otel: what the standard variables of OpenTelemetry ask for; without any of them nothing is asked for.
import type { Environment } from './environment.ts'

export type OtlpProtocol = 'http/protobuf' | 'http/json'

/** How traces are sent. Addresses, headers, certificates and deadlines are read by the exporter itself. */
export interface OtelSettings {
  protocol: OtlpProtocol
  /** Of `resource`: `service.name` and what else the operator has said. */
  attributes: Readonly<Record<string, string>>
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

/**
 * Undefined where traces are not asked for: `OTEL_TRACES_EXPORTER=otlp` asks, and so does an endpoint, unless that says
 * `none`. What is wrong is a problem, one a line, and never a reason not to serve: these variables are often set for
 * everything on a machine.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function readOtel(env: Environment = process.env): {
  settings: OtelSettings | undefined
  problems: string[]
} {
  const said: Said = (name) => env[name]?.trim() || undefined
  const problems: string[] = []
  const settings = areTracesAsked(said) ? settingsOf(said, problems) : undefined
  return { settings, problems }
}

function areTracesAsked(said: Said): boolean {
  if (said('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return false
  const exporters = exportersOf(said)
  return exporters === undefined ? endpointOf(said) !== undefined : !exporters.includes('none')
}

function settingsOf(said: Said, problems: string[]): OtelSettings | undefined {
  const [exporters, endpoint] = [exportersOf(said), endpointOf(said)]
  const protocol =
    said('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? said('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/protobuf'
  if (exporters !== undefined && !exporters.includes('otlp'))
    problems.push(`OTEL_TRACES_EXPORTER is ${exporters.join(', ')}: traces are sent by otlp, or none`)
  if (endpoint !== undefined && !URL.canParse(endpoint))
    problems.push('the endpoint of OpenTelemetry is no address, such as http://127.0.0.1:4318')
  if (!isProtocol(protocol))
    problems.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}: it can be ${PROTOCOLS.join(' or ')}, which collectors take on port 4318`,
    )
  if (problems.length > 0 || !isProtocol(protocol)) return undefined
  return {
    protocol,
    attributes: attributesOf(said, problems),
    sampler: samplerOf(said, problems),
    ratio: numberOf('OTEL_TRACES_SAMPLER_ARG', 1, isPart, said, problems),
    maxQueue: numberOf('OTEL_BSP_MAX_QUEUE_SIZE', 2048, isCount, said, problems),
    maxBatch: numberOf('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, isCount, said, problems),
    delayMs: numberOf('OTEL_BSP_SCHEDULE_DELAY', 5000, isCount, said, problems),
  }
}

function exportersOf(said: Said): string[] | undefined {
  return said('OTEL_TRACES_EXPORTER')
    ?.split(',')
    .map((each) => each.trim())
}

function endpointOf(said: Said): string | undefined {
  return said('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? said('OTEL_EXPORTER_OTLP_ENDPOINT')
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

/** "In case of any error, e.g. failure during the decoding process, the entire environment variable value SHOULD be discarded". */
function attributesOf(said: Said, problems: string[]): Record<string, string> {
  const name = said('OTEL_SERVICE_NAME')
  const attributes: Record<string, string> = {}
  try {
    for (const pair of said('OTEL_RESOURCE_ATTRIBUTES')?.split(',') ?? []) {
      if (pair.trim() === '') continue
      const [, key = '', value = ''] = /^\s*([^=\s]+)\s*=(.*)$/.exec(pair) ?? []
      if (key === '') throw new TypeError('no key')
      attributes[key] = decodeURIComponent(value.trim())
    }
  } catch {
    problems.push('OTEL_RESOURCE_ATTRIBUTES is left out: it is a list of key=value, with commas between')
    return { 'service.name': name ?? 'mcp-bridge' }
  }
  return {
    'service.name': 'mcp-bridge',
    ...attributes,
    ...(name === undefined ? {} : { 'service.name': name }),
  }
}
