// traces/sampler: which traces are recorded, as OTEL_TRACES_SAMPLER says.
import type { TraceSettings } from '../config/otel.ts'
import type { Sampler } from '../telemetry/tracer.ts'

export function samplerOf({ sampler, ratio }: Pick<TraceSettings, 'sampler' | 'ratio'>): Sampler {
  const [, isByParent, name] = /^(parentbased_)?(.*)$/.exec(sampler) ?? []
  const root: Sampler =
    name === 'always_off' ? () => false : name === 'traceidratio' ? partOf(ratio) : () => true
  if (isByParent === undefined) return root
  return (traceId, parent) => parent?.isSampled ?? root(traceId, parent)
}

/** The same for all who see the trace: by the random end of its id, as all of OpenTelemetry. */
function partOf(ratio: number): Sampler {
  const bound = ratio * 2 ** 52
  return (traceId) => Number.parseInt(traceId.slice(-13), 16) < bound
}
