// proc: what the kernel says a contestant has used, its children apart from it, in the units of the report.
import { cpuMs, peakRssBytes, rssBytes, treeCpuMs } from '@mcp-bridge/testkit'

export { cpuMs as ownMs, preciseCpuMs as preciseMs } from '@mcp-bridge/testkit'

const MIB = 1024 * 1024

export interface Usage {
  /** Processor time of the process itself: user and system. */
  ownMs: number
  /** With that of all its children, the living and those that were waited for. */
  treeMs: number
}

export function usageOf(pid: number): Usage {
  return { ownMs: cpuMs(pid), treeMs: treeCpuMs(pid) }
}

/** The most memory that it ever had, in MiB. */
export function peakMiB(pid: number): number {
  return mib(peakRssBytes(pid))
}

export function rssMiB(pid: number): number {
  return mib(rssBytes(pid))
}

function mib(bytes: number): number {
  if (bytes === 0) throw new Error('the process has gone')
  return bytes / MIB
}
