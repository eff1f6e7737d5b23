// child/process-tree: who is alive under us, read from /proc once for everybody who asks at that moment.
import { readdirSync, readFileSync } from 'node:fs'
import { MARK } from './environment.ts'

export interface ProcessInfo {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Clock ticks since boot: with the pid it names one process for good. */
  readonly startedAt: string
  readonly isZombie: boolean
}

/** Processes read between two turns of the event loop. */
const BATCH = 64

/** All processes of a moment. Empty where there is no /proc. */
export class Snapshot {
  readonly #processes: ReadonlyMap<number, ProcessInfo>
  readonly #marks: ReadonlyMap<number, string>

  constructor(processes: ReadonlyMap<number, ProcessInfo>, marks: ReadonlyMap<number, string>) {
    this.#processes = processes
    this.#marks = marks
  }

  /**
   * What belongs to the process with this pid, itself excluded: its session and group, whatever they started, and
   * whatever carries the mark; living ones only.
   */
  under(pid: number, mark: string): ProcessInfo[] {
    const found = new Set<number>()
    for (const { pid: each, group, session } of this.#processes.values()) {
      if (group === pid || session === pid || this.#marks.get(each) === mark) found.add(each)
    }
    found.add(pid)
    for (let size = 0; size !== found.size;) {
      size = found.size
      for (const each of this.#processes.values()) if (found.has(each.parent)) found.add(each.pid)
    }
    found.delete(pid)
    return [...found].flatMap((each) => {
      const info = this.#processes.get(each)
      return info === undefined || info.isZombie ? [] : [info]
    })
  }

  /** Whether it is the same process, and alive. */
  has({ pid, startedAt }: ProcessInfo): boolean {
    const now = this.#processes.get(pid)
    return now !== undefined && now.startedAt === startedAt && !now.isZombie
  }
}

let next: Promise<Snapshot> | undefined
let marksKnown = new Map<string, string>()
/** Processes older than ours, which are none of our children and not looked at each time. */
let elders = new Set<string>()
let eldersReadAt = -Infinity
/** A pid does not come round again within this. */
const ELDERS_MS = 1000

/** The processes from now on: all who ask before the reading begins share one. */
export function snapshotProcesses(): Promise<Snapshot> {
  next ??= new Promise((resolve) => {
    setTimeout(() => {
      next = undefined
      void read().then(resolve)
    }, 5)
  })
  return next
}

/** Memory of a process that is in RAM, in bytes; 0 where it cannot be read. */
export function residentBytes(pid: number): number {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
    return Number(kib ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Signals one process, unless its pid has passed to another meanwhile. */
export function signalProcess(info: ProcessInfo, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (statOf(info.pid)?.startedAt !== info.startedAt) return
  try {
    process.kill(info.pid, signal)
  } catch {
    // Gone between the look and the signal.
  }
}

async function read(): Promise<Snapshot> {
  const processes = new Map<number, ProcessInfo>()
  const marks = new Map<number, string>()
  const marksNow = new Map<string, string>()
  let pids: string[]
  if (performance.now() - eldersReadAt > ELDERS_MS) {
    elders = new Set()
    eldersReadAt = performance.now()
  }
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !elders.has(name))
  } catch {
    return new Snapshot(processes, marks)
  }
  const ownStart = Number(statOf(process.pid)?.startedAt)
  for (const [i, name] of pids.entries()) {
    if (i % BATCH === BATCH - 1) await new Promise((resolve) => setImmediate(resolve))
    const info = statOf(Number(name))
    if (info === undefined) continue
    if (Number(info.startedAt) < ownStart) {
      elders.add(name)
      continue
    }
    processes.set(info.pid, info)
    const key = `${name}:${info.startedAt}`
    const mark = marksKnown.get(key) ?? markOf(info.pid)
    if (mark === '') continue
    marks.set(info.pid, mark)
    marksNow.set(key, mark)
  }
  marksKnown = marksNow
  return new Snapshot(processes, marks)
}

/** The fields 1, 3 to 6 and 22 of /proc/pid/stat; the name in field 2 may hold anything, parentheses and blanks too. */
function statOf(pid: number): ProcessInfo | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state, parent, group, session] = fields
    return {
      pid,
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      startedAt: fields[19] ?? '',
      isZombie: state === 'Z' || state === 'X',
    }
  } catch {
    return undefined
  }
}

/** The mark in a process's environment; empty where there is none, or where it is somebody else's process. */
function markOf(pid: number): string {
  try {
    const text = `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`
    const at = text.indexOf(`\0${MARK}=`)
    return at === -1 ? '' : text.slice(at + MARK.length + 2, text.indexOf('\0', at + 1))
  } catch {
    return ''
  }
}
