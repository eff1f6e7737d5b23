import { expect, test } from 'vitest'
import { readOtel } from './otel.ts'

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }

test.each([
  [{}, false],
  [{ OTEL_SERVICE_NAME: 'x', OTEL_EXPORTER_OTLP_HEADERS: 'a=b', OTEL_TRACES_SAMPLER: 'always_on' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  [ENDPOINT, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://host/v1/traces' }, true],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://host/v1/metrics' }, false],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{ OTEL_TRACES_EXPORTER: 'console, otlp' }, true],
  [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: '' }, true],
  [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, false],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }, true],
])('%j asks for traces: %s', (env, isAsked) => {
  const { traces, problems } = readOtel(env)
  expect([traces !== undefined, problems]).toEqual([isAsked, []])
})

test('metrics are asked for by their own variables, or by those of both', () => {
  const intervalOf = readOtel({ ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: '1000' }).metrics?.intervalMs
  expect(intervalOf).toBe(1000)
  expect(readOtel({ ...ENDPOINT, OTEL_METRICS_EXPORTER: 'none' }).metrics).toBeUndefined()
  const own = readOtel({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://host/v1/metrics' })
  expect([own.traces, own.metrics?.protocol]).toEqual([undefined, 'http/protobuf'])
})

test.each([
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /http\/protobuf or http\/json/],
  [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/xml' }, /http\/xml/],
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, /OTEL_TRACES_EXPORTER is zipkin: it can be otlp, or none/],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'collector' }, /no address/],
])('with %j there are none, and it says why', (env, problem) => {
  const { traces, problems } = readOtel({ ...ENDPOINT, OTEL_METRICS_EXPORTER: 'none', ...env })
  expect(traces).toBeUndefined()
  expect(problems).toEqual([expect.stringMatching(problem)])
})

test('what is wrong besides is as if it were not there, and is told', () => {
  const { traces, problems } = readOtel({
    ...ENDPOINT,
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_TRACES_SAMPLER_ARG: '2',
    OTEL_BSP_MAX_QUEUE_SIZE: '0',
    OTEL_RESOURCE_ATTRIBUTES: 'a=1,nothing',
    OTEL_SERVICE_NAME: 'mine',
  })
  expect(traces).toMatchObject({
    ...{ sampler: 'parentbased_always_on', ratio: 1, maxQueue: 2048 },
    attributes: { 'service.name': 'mine' },
  })
  expect(problems).toHaveLength(4)
})

test('the service is called as its own variable says, else as its attributes do, else as it is', () => {
  const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=of%20all,x=1' }
  expect(nameOf({})).toBe('mcp-bridge')
  expect(nameOf(attributes)).toBe('of all')
  expect(nameOf({ ...attributes, OTEL_SERVICE_NAME: 'own' })).toBe('own')
})

function nameOf(env: Record<string, string>): string | undefined {
  return readOtel({ ...ENDPOINT, ...env }).traces?.attributes['service.name']
}
