// hot: `node hot.ts file.cpuprofile`: where a process spent its time, function by function, itself and with what it called.
import { readFileSync } from 'node:fs'

interface ProfileNode {
  id: number
  callFrame: { functionName: string; url: string; lineNumber: number }
  children?: number[]
}

interface Profile {
  nodes: ProfileNode[]
  /** The node on top of the stack at each sample, and µs since the sample before. */
  samples: number[]
  timeDeltas: number[]
}

const ROWS = 40
const IDLE = new Set(['(idle)', '(root)'])

const [, , file = ''] = process.argv
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile
const byId = new Map(nodes.map((node) => [node.id, node]))
const parents = new Map(
  nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
)
const own = new Map<string, number>()
const whole = new Map<string, number>()
let busyUs = 0

for (const [index, id] of samples.entries()) {
  const us = timeDeltas[index] ?? 0
  const top = byId.get(id)
  if (top === undefined || IDLE.has(top.callFrame.functionName)) continue
  busyUs += us
  add(own, nameOf(top), us)
  // A function that calls itself counts once.
  for (const name of new Set(stackOf(id))) add(whole, name, us)
}

const hottest = [...own].toSorted(([, a], [, b]) => b - a).slice(0, ROWS)
const rows = hottest.map(([name, us]) => `${percent(us)} ${percent(whole.get(name) ?? us)}  ${name}\n`)
process.stdout.write(`${(busyUs / 1000).toFixed(0)} ms busy\n   self  total\n${rows.join('')}`)

function* stackOf(id: number): Generator<string> {
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const node = byId.get(at)
    if (node !== undefined) yield nameOf(node)
  }
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const place = url === '' ? '' : ` ${url.replace(/^.*\/(?:node_modules|packages)\//, '')}:${lineNumber + 1}`
  return `${functionName === '' ? '(anonymous)' : functionName}${place}`
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us)
}

function percent(us: number): string {
  return `${((us * 100) / busyUs).toFixed(1)}%`.padStart(6)
}
