// traces/exporter: what sends spans: a package of OpenTelemetry's, which is loaded when it is asked for and need not be there.
import type { OtlpProtocol } from '../config/otel.ts'
import type { ReadableSpan } from './span.ts'

/** As the packages have it. */
export interface SpanExporter {
  export(spans: readonly ReadableSpan[], done: (result: ExportResult) => void): void
  shutdown(): Promise<void>
}

export interface ExportResult {
  /** 0 where it has worked. */
  code: number
  error?: Error
}

const PACKAGES: Readonly<Record<OtlpProtocol, string>> = {
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
  'http/json': '@opentelemetry/exporter-trace-otlp-http',
}

/** Where it cannot be loaded, this says what to do. */
export class ExporterMissing extends Error {
  readonly install: string

  constructor(name: string, options: ErrorOptions) {
    super(`${name} cannot be loaded`, options)
    this.install = `npm install ${name}`
  }
}

/** @throws ExporterMissing */
export async function loadExporter(protocol: OtlpProtocol): Promise<SpanExporter> {
  try {
    const { OTLPTraceExporter } = await imported(protocol)
    return new OTLPTraceExporter() as unknown as SpanExporter
  } catch (cause) {
    throw new ExporterMissing(PACKAGES[protocol], { cause })
  }
}

/** By name, so that a bundler sees what it is to leave out. */
function imported(protocol: OtlpProtocol) {
  return protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto')
}
