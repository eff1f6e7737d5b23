// proc: what the kernel says a contestant has used, its children apart from it.
import { readdirSync, readFileSync } from 'node:fs'
import { descendantsOf } from '@mcp-bridge/testkit'

/** Linux counts processor time in these on every architecture. */
const TICK_MS = 10

export interface Usage {
  /** Processor time of the process itself: user and system. */
  ownMs: number
  /** With that of all its children, the living and those that were waited for. */
  treeMs: number
}

export function usageOf(pid: number): Usage {
  const [own, reaped] = times(pid)
  let treeMs = own + reaped
  for (const child of descendantsOf(pid)) {
    const [of, waitedFor] = times(child)
    treeMs += of + waitedFor
  }
  return { ownMs: own, treeMs }
}

/** Cheaper than `usageOf`: reads one file. */
export function ownMs(pid: number): number {
  return times(pid)[0]
}

/** In steps of nanoseconds, but only of the threads that live: for times so short that ticks would show. */
export function preciseMs(pid: number): number {
  let ns = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0])
  }
  return ns / 1e6
}

/** The most memory that it ever had, in MiB. */
export function peakMiB(pid: number): number {
  return statusMiB(pid, 'VmHWM')
}

export function rssMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS')
}

/** Utime + stime and cutime + cstime in ms; zeros when the process has gone. */
function times(pid: number): [own: number, reaped: number] {
  const text = read(`/proc/${pid}/stat`)
  // The second field is a name in parentheses that may contain anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ms = (index: number): number => Number(fields[index] ?? 0) * TICK_MS
  return [ms(11) + ms(12), ms(13) + ms(14)]
}

function statusMiB(pid: number, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`))?.[1]
  if (kilobytes === undefined) throw new Error('the process has gone')
  return Number(kilobytes) / 1024
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
