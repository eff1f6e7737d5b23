// scrape: what `GET /metrics` says, as Prometheus reads it.
import { send } from '@mcp-bridge/testkit'
import { expect } from 'vitest'

export const DURATION = 'mcp_server_operation_duration_seconds'

export interface Series {
  name: string
  labels: Record<string, string>
  value: number
}

export async function scrape(port: number, token?: string): Promise<{ text: string; series: Series[] }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const { status, headers: got, body } = await send({ port, path: '/metrics', headers })
  expect([status, got['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const series = body
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text])
      return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }
    })
  return { text: body, series }
}

/** Of all series of this name, those with these labels. */
export function valuesOf(
  series: readonly Series[],
  name: string,
  ...labels: string[]
): Record<string, number> {
  const found: Record<string, number> = {}
  for (const each of series) {
    if (each.name !== name) continue
    const key = labels.map((label) => each.labels[label] ?? '').join(' ')
    found[key] = (found[key] ?? 0) + each.value
  }
  return found
}
