// tool/look: what there is to see of a tool now: its state, its processes, its sessions, its failures.
import type { Child } from '../child/child.ts'
import type { ChildFactory } from '../child/factory.ts'
import { residentBytes, snapshotProcesses, type Snapshot } from '../child/process-tree.ts'
import { wallClock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { BridgeError } from '../errors.ts'
import type { ImplicitSession } from '../exchange/implicit-session.ts'
import type { ImplicitSessions } from '../exchange/implicit-sessions.ts'
import type { Disclosure } from '../lease/disclosure.ts'
import { ownerOf, TOOL } from '../lease/owner.ts'
import type { Difference } from '../lock/difference.ts'
import type { ToolLock } from '../lock/tool-lock.ts'
import type { ChildReport } from '../relay/describe.ts'
import type { ClientName } from '../rpc/initialize-params.ts'
import type { Registry } from '../session/registry.ts'
import type { Era } from '../session/lease.ts'
import type { Session } from '../session/session.ts'
import type { Latency, Minute } from '../telemetry/latency.ts'
import type { Failure, Failures } from './failures.ts'
import type { Readiness } from './startup-probe.ts'

/** All of it, for whoever may see all; `status/view` cuts it for everybody else. Times are milliseconds since 1970. */
export interface ToolLook {
  /** `idle`: it is started with the first request. `off`: it is not served, and is not meant to be. */
  state: 'ready' | 'idle' | 'off' | Readiness['status']
  /** Why it is not ready, for everybody who may know that; and for the operator, with hint and stderr. */
  reason: string | undefined
  why: { message: string; hint: string | undefined; stderr: string[] } | undefined
  children: Config['children'] | undefined
  /** Undefined until a modern client has asked. */
  era: Era | undefined
  /** What it said of itself, once it has. */
  report: Pick<ChildReport, 'name' | 'version' | 'protocolVersion' | 'tools' | 'startMs'> | undefined
  processes: ProcessLook[]
  sessions: SessionLook[]
  /** Newest first. */
  failures: Failure[]
  minutes: Minute[]
  /** Tools that are not as they were accepted; undefined where none had to be. */
  changes: Difference[] | undefined
  /** What in the texts of its tools may be meant for a model alone. */
  suspicions: readonly string[]
}

export interface ProcessLook {
  pid: number
  /** `standby`: it waits for its first client. */
  state: 'starting' | 'standby' | 'running' | 'stopping'
  startedAt: number
  /** In RAM, and how many processes that is: with all its descendants. Undefined where there is no /proc. */
  memoryBytes: number | undefined
  /** The same of the process alone. */
  ownBytes: number | undefined
  treeSize: number
  /** What it has printed, while it has not answered yet. */
  said: string[]
}

export interface SessionLook {
  /** Its beginning: the whole is a credential. */
  id: string
  /** Whose it is: the principal with its environment. */
  ownerKey: string
  principal: string
  client: ClientName | undefined
  wire: Session['wire'] | ImplicitSession['wire']
  revision: string | undefined
  openedAt: number
  lastRequestAt: number
  callsInFlight: number
  /** Of the process that is its alone. */
  pid: number | undefined
}

export interface LookedAt {
  children: Config['children']
  era: Era | undefined
  probe: {
    readonly isBegun: boolean
    readonly failure: BridgeError | undefined
    readonly report: ChildReport | undefined
    readiness(): Readiness | undefined
  }
  isDraining: boolean
  factory: ChildFactory
  disclosure: Disclosure
  sessions: Registry
  clients: ImplicitSessions
  failures: Failures
  latency: Latency
  lock: ToolLock | undefined
  suspicions: readonly string[]
}

export const STARTS_LATER = 'it is started with the first request'

/** One of which nothing runs. */
export function restingLook(
  state: ToolLook['state'],
  reason: string,
  children?: Config['children'],
): ToolLook {
  return {
    ...{ state, reason, why: { message: reason, hint: undefined, stderr: [] }, children },
    ...{
      era: undefined,
      report: undefined,
      processes: [],
      sessions: [],
      failures: [],
      minutes: [],
      changes: undefined,
      suspicions: [],
    },
  }
}

export async function lookAt(tool: LookedAt): Promise<ToolLook> {
  const snapshot = await snapshotProcesses()
  const { probe, disclosure } = tool
  const readiness = probe.readiness()
  const isIdle = readiness?.status === 'starting' && !probe.isBegun
  return {
    state: tool.isDraining ? 'draining' : isIdle ? 'idle' : (readiness?.status ?? 'ready'),
    reason: isIdle ? STARTS_LATER : readiness?.reason,
    why: readiness === undefined ? undefined : whyOf(probe.failure, disclosure),
    children: tool.children,
    era: tool.era,
    report: probe.report,
    processes: [...tool.factory.living].map((child) => processLook(child, snapshot, disclosure)),
    sessions: [...tool.sessions.all, ...tool.clients.all].map(sessionLook),
    failures: tool.failures.all,
    minutes: tool.latency.minutes(performance.now()),
    changes: tool.lock?.differences,
    suspicions: tool.suspicions,
  }
}

function whyOf(failure: BridgeError | undefined, disclosure: Disclosure): ToolLook['why'] {
  if (failure === undefined) return undefined
  const { message, hint, data } = disclosure.toOperator(TOOL, failure)
  return { message, hint, stderr: Array.isArray(data?.['stderr']) ? data['stderr'].map(String) : [] }
}

function processLook(child: Child, snapshot: Snapshot, disclosure: Disclosure): ProcessLook {
  const { pid, mark, startedAt, isMute } = child
  const tree = [pid, ...snapshot.under(pid, mark).map((each) => each.pid)]
  const [ownBytes = 0, ...others] = tree.map(residentBytes)
  const memoryBytes = others.reduce((sum, bytes) => sum + bytes, ownBytes)
  return {
    pid,
    state: stateOf(child),
    startedAt: wallClock(startedAt),
    memoryBytes: memoryBytes === 0 ? undefined : memoryBytes,
    ownBytes: ownBytes === 0 ? undefined : ownBytes,
    treeSize: tree.length,
    said: isMute ? disclosure.masked(child.lastWords) : [],
  }
}

function stateOf({ isGone, isStandby, isMute }: Child): ProcessLook['state'] {
  if (isGone) return 'stopping'
  if (isStandby) return 'standby'
  return isMute ? 'starting' : 'running'
}

function sessionLook(session: Session | ImplicitSession): SessionLook {
  const { principal, env } = session.caller
  return {
    id: session.shortId,
    ownerKey: ownerOf(principal, env).key,
    principal,
    client: session.client,
    wire: session.wire,
    revision: session.protocolVersion,
    openedAt: wallClock(session.openedAt),
    lastRequestAt: wallClock(session.lastRequestAt),
    callsInFlight: session.inFlight,
    pid: session.childPid,
  }
}
