// budget/memory: how much memory the process may have, and how much of that it uses.
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { monotonicMs } from '../clock.ts'

const MIB = 1024 ** 2

/** What a container may have can be changed while it runs; to ask costs several files of the kernel. */
const LIMIT_AGE_MS = 10_000

let limitBytes = 0
let limitReadAt = -Infinity

/** What the machine, or the container, lets a process have, as it was some seconds ago at most. */
function availableBytes(): number {
  const now = monotonicMs()
  if (now - limitReadAt < LIMIT_AGE_MS) return limitBytes
  const constrained = process.constrainedMemory()
  limitBytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  limitReadAt = now
  return limitBytes
}

/** Half of what the machine, its cgroup and V8 let the process have; the rest is for messages on their way. */
export function defaultMaxMemory(): number {
  const bytes = Math.min(availableBytes(), getHeapStatistics().heap_size_limit) / 2
  return Math.max(1, Math.floor(bytes / MIB)) * MIB
}

/** The part in use, from 0 to 1, of the heap that V8 grants or of the memory that the machine grants: whichever is more. */
export function memoryInUse(): number {
  const { used_heap_size: heap, heap_size_limit: limit, external_memory: external } = getHeapStatistics()
  return Math.max(heap / limit, (heap + external) / availableBytes())
}
