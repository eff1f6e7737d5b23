// status/chart: how long calls took in the last hour, as a picture that says the same in words.
import type { ToolDetails } from './view.ts'
import { markup, type Html } from './html.ts'

const WIDTH = 600
const HEIGHT = 120
const MINUTES = 60
const MINUTE_MS = 60_000

type Minutes = ToolDetails['latency']

/** Undefined for an hour without calls. */
export function latencyChart(latency: Minutes): Html | undefined {
  const last = latency.at(-1)
  if (last === undefined) return undefined
  const most = Math.max(...latency.map(({ p95Ms }) => p95Ms))
  const end = Date.parse(last.at)
  const line = (valueOf: (minute: Minutes[number]) => number): string => {
    let before = -Infinity
    return latency
      .map((minute) => {
        const at = Math.round((end - Date.parse(minute.at)) / MINUTE_MS)
        const x = WIDTH - 4 - (at * (WIDTH - 8)) / MINUTES
        const y = HEIGHT - 4 - (valueOf(minute) * (HEIGHT - 8)) / most
        // A minute without calls breaks the line; one that stands alone is a dot.
        const command = before === at + 1 ? 'L' : 'M'
        before = at
        return `${command}${x.toFixed(1)} ${y.toFixed(1)}h.1`
      })
      .join('')
  }
  const words = `In the last minute with calls: ${last.calls} calls, ${last.errors} of them failed, half within ${duration(last.p50Ms)}, 95 of 100 within ${duration(last.p95Ms)}. Longest of the hour: ${duration(most)}.`
  return markup`<figure>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}" preserveAspectRatio="none">
      <path class="grid" d="M0 4H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 4}H${WIDTH}" />
      <path class="p95" d="${line(({ p95Ms }) => p95Ms)}" />
      <path class="p50" d="${line(({ p50Ms }) => p50Ms)}" />
    </svg>
    <figcaption>
      <span class="key p50">—</span> half of the calls, <span class="key p95">– –</span> 95 of 100; the top
      line is ${duration(most)}, the right edge the last minute with calls. ${words}
    </figcaption>
  </figure>`
}

export function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 90_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}
