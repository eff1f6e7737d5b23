// processes: what Linux knows of a process, read from /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Linux counts processor time in these; it has been 100 a second on every architecture for decades. */
const TICK_MS = 10
const TCP_LISTEN = '0A'

interface Stat {
  state: string
  parent: number
  ticks: number
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
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return Number(kilobytes ?? 0) * 1024
}

/** Processor time spent so far, user and system, in steps of 10 ms; 0 when the process has gone. */
export function cpuMs(pid: number): number {
  return (statOf(pid)?.ticks ?? 0) * TICK_MS
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
  const ports = new Set<number>()
  for (const table of ['tcp', 'tcp6']) {
    for (const line of (read(`/proc/${pid}/net/${table}`) ?? '').split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      if (local === undefined || inode === undefined) continue
      if (state === TCP_LISTEN && sockets.has(inode))
        ports.add(Number.parseInt(local.split(':')[1] ?? '', 16))
    }
  }
  return [...ports].toSorted((a, b) => a - b)
}

/** How many descriptors the process has open; 0 when it has gone. */
export function openDescriptors(pid: number): number {
  return list(`/proc/${pid}/fd`).length
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
  return { state, parent: Number(parent), ticks: Number(fields[11] ?? 0) + Number(fields[12] ?? 0) }
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
