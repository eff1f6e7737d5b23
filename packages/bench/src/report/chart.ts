// report/chart: one SVG: processor time per call, all contestants, one bar each for 1 and for 16 in flight.
import type { ContestantResult, Results } from '../results.ts'
import { show } from './numbers.ts'

const WIDTH = 860
const LEFT = 230
const RIGHT = 70
const TOP = 62
const BAR = 12
const ROW = 36
const BARS = [
  { key: 'cpu1', color: '#2563eb', name: '1 call in flight' },
  { key: 'cpu16', color: '#93c5fd', name: '16 calls in flight' },
] as const

export function chartOf({ contestants, machine, date }: Results): string {
  const rows = contestants.filter(({ metrics }) => metrics.cpu1 !== undefined && metrics.cpu16 !== undefined)
  const most = Math.max(1, ...rows.flatMap((row) => BARS.map(({ key }) => row.metrics[key]?.max ?? 0)))
  const height = TOP + rows.length * ROW + 34
  const x = (value: number): number => LEFT + (value / most) * (WIDTH - LEFT - RIGHT)
  const title = 'Processor time of the bridge per tools/call, µs (less is better)'
  const on = `${date}, ${machine.cores} cores of ${machine.cpu}, Node ${machine.node.slice(1)}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="${escape(title)}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(16, 24, title, 'font-size="16" font-weight="600"'),
    ...legend(),
    ...rows.flatMap((row, index) => drawRow(row, TOP + index * ROW, x)),
    text(16, height - 12, on, 'fill="#6b7280" font-size="11"'),
    '</svg>\n',
  ].join('\n')
}

function legend(): string[] {
  return BARS.flatMap(({ color, name }, index) => [
    `<rect x="${LEFT + index * 170}" y="36" width="12" height="12" fill="${color}"/>`,
    text(LEFT + 18 + index * 170, 47, name),
  ])
}

function drawRow({ name, label, metrics }: ContestantResult, top: number, x: (value: number) => number) {
  const weight = name.startsWith('ours') ? 'font-weight="600"' : ''
  return [
    text(LEFT - 10, top + BAR + 5, label, `text-anchor="end" ${weight}`),
    ...BARS.flatMap(({ key, color }, index) => {
      const spread = metrics[key]
      if (spread === undefined) return []
      const y = top + index * (BAR + 1)
      const middle = y + BAR / 2
      const width = Math.max(1, x(spread.median) - LEFT)
      return [
        `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" fill="${color}"/>`,
        `<line x1="${x(spread.min).toFixed(1)}" x2="${x(spread.max).toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#1f2937"/>`,
        text(x(spread.max) + 6, y + BAR - 2, show(spread.median), 'font-size="11"'),
      ]
    }),
  ]
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escape(content)}</text>`
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
