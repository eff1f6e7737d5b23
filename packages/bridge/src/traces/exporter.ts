// traces/exporter: what sends spans: a package of OpenTelemetry's, which is loaded when it is asked for and need not be there.
import type { OtlpProtocol } from '../config/otel.ts'
import { ExporterMissing, type Exporter } from '../telemetry/otlp.ts'
import type { ReadableSpan } from './span.ts'

const PACKAGES: Readonly<Record<OtlpProtocol, string>> = {
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
  'http/json': '@opentelemetry/exporter-trace-otlp-http',
}

/** @throws ExporterMissing */
export async function loadExporter(protocol: OtlpProtocol): Promise<Exporter<readonly ReadableSpan[]>> {
  try {
    const { OTLPTraceExporter } = await imported(protocol)
    return new OTLPTraceExporter() as unknown as Exporter<readonly ReadableSpan[]>
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
