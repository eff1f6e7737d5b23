// processes: what Linux knows of a process, read from /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Linux counts processor time in these; it has been 100 a second on every architecture for decades. */
const TICK_MS = 10
const TCP_LISTEN = '0A'

interface Stat {
  state: string
  parent: number
  ownMs: number
  /** Of its children that have ended and were waited for. */
  reapedMs: number
}

/** Living processes below this one, parents before their children. Processes that were orphaned are not among them. */
export function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const other of allPids()) {
    const stat = statOf(other)
    if (stat === undefined || isDead(stat)) continue
    const siblings = children.get(stat.parent)
    if (siblings === undefined) children.set(stat.parent, [other])
    else siblings.push(other)
  }
  const found: number[] = [...(children.get(pid) ?? [])]
  for (const descendant of found) found.push(...(children.get(descendant) ?? []))
  return found
}

/** Parent first, init last. */
export function ancestorsOf(pid: number): number[] {
  const found: number[] = []
  for (
    let parent = statOf(pid)?.parent;
    parent !== undefined && parent !== 0;
    parent = statOf(parent)?.parent
  ) {
    found.push(parent)
  }
  return found
}

/** A zombie is not alive: it holds nothing but its exit code. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid)
  return stat !== undefined && !isDead(stat)
}

/** Resident memory in bytes; 0 when the process has gone. */
export function rssBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS')
}

/** The most resident memory that it ever had, in bytes: no peak between two looks is missed. 0 when it has gone. */
export function peakRssBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM')
}

/** Processor time spent so far, user and system, in steps of 10 ms; 0 when the process has gone. */
export function cpuMs(pid: number): number {
  return statOf(pid)?.ownMs ?? 0
}

/** The same with all that it started: those that live, and those that were waited for. */
export function treeCpuMs(pid: number): number {
  return [pid, ...descendantsOf(pid)]
    .map(statOf)
    .reduce((sum, stat) => sum + (stat === undefined ? 0 : stat.ownMs + stat.reapedMs), 0)
}

/** Processor time in steps of nanoseconds, of the threads that live: for times so short that steps of 10 ms would show. */
export function preciseCpuMs(pid: number): number {
  const threads = list(`/proc/${pid}/task`)
  const ns = threads.map((thread) =>
    Number((read(`/proc/${pid}/task/${thread}/schedstat`) ?? '').split(' ')[0]),
  )
  return ns.reduce((sum, each) => sum + each, 0) / 1e6
}

/** Its argv, joined by spaces; empty when the process has gone. */
export function cmdline(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? '').split('\0').join(' ').trim()
}

/** Living processes of this user whose environment at start contains the text, such as `NAME=value`. */
export function processesWithEnv(text: string): number[] {
  return allPids().filter((pid) => isAlive(pid) && read(`/proc/${pid}/environ`)?.includes(text) === true)
}

/** TCP ports on which the process listens, ascending. */
export function listeningPorts(pid: number): number[] {
  const sockets = socketsOf(pid)
  const listening = tcpOf(pid).filter(({ state, inode }) => state === TCP_LISTEN && sockets.has(inode))
  return [...new Set(listening.map(({ port }) => port))].toSorted((a, b) => a - b)
}

/**
 * Connections to this port, of whatever process, that their owner still holds open: one that only the kernel keeps has
 * no inode.
 */
export function connectionsTo(port: number): number {
  return tcpOf(process.pid).filter(
    (row) => row.port === port && row.state !== TCP_LISTEN && row.inode !== '0',
  ).length
}

/** How many descriptors the process has open; 0 when it has gone. */
export function openDescriptors(pid: number): number {
  return list(`/proc/${pid}/fd`).length
}

interface TcpRow {
  /** Of this side. */
  port: number
  state: string
  inode: string
}

/** All that the process's network has, not only its own. */
function tcpOf(pid: number): TcpRow[] {
  return ['tcp', 'tcp6'].flatMap((table) =>
    (read(`/proc/${pid}/net/${table}`) ?? '')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .map(([, local = '', , state = '', , , , , , inode = '']) => ({
        port: Number.parseInt(local.split(':')[1] ?? '', 16),
        state,
        inode,
      })),
  )
}

function socketsOf(pid: number): Set<string> {
  const inodes = new Set<string>()
  for (const descriptor of list(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(target(`/proc/${pid}/fd/${descriptor}`))?.[1]
    if (inode !== undefined) inodes.add(inode)
  }
  return inodes
}

function statOf(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The second field is a name in parentheses that may contain anything, parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent = '0'] = fields
  const ms = (index: number): number => Number(fields[index] ?? 0) * TICK_MS
  return { state, parent: Number(parent), ownMs: ms(11) + ms(12), reapedMs: ms(13) + ms(14) }
}

function statusBytes(pid: number, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return Number(kilobytes ?? 0) * 1024
}

function isDead({ state }: Stat): boolean {
  return state === 'Z' || state === 'X'
}

function allPids(): number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

// Whatever is asked about may end between two reads; then there is nothing to say of it.
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function target(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
