// status/view: what one viewer may see of the bridge: the answer of /status, and all that the page is made of.
import type { Difference } from '../lock/difference.ts'
import { shadowsIn } from '../lock/shadows.ts'
import type { Failure } from '../tool/failures.ts'
import type { ProcessLook, SessionLook, ToolLook } from '../tool/look.ts'
import type { Readiness } from '../tool/startup-probe.ts'
import type { Minute } from '../telemetry/latency.ts'
import { VERSION } from '../version.ts'
import { excerpt } from '../visible.ts'
import type { Viewer } from './viewer.ts'

/** A tool of the bridge, as it is configured. */
export interface StatusTool {
  /** Empty for the only one. */
  name: string
  /** The program. */
  command: string
  /** None for what is not served. */
  paths?: { mcpPath: string; ssePath: string }
  /** Of several somebody may be kept to some. */
  isFor(principal: string): boolean
  look(): Promise<ToolLook>
}

/** Described in docs/STATUS.md: members are added, none changes its meaning. Times are ISO 8601, in UTC. */
export interface StatusView {
  status: ToolView['state']
  /** Why all tools are down at once. */
  reason?: string
  version?: string
  sees: Viewer['sees']
  /** Whose sessions and failures these are, where they are not everybody's. */
  principal?: string
  tools: ToolView[]
}

export interface ToolView {
  name: string
  state: ToolLook['state']
  details?: ToolDetails
}

export interface ToolDetails {
  reason?: string
  hint?: string
  stderr?: string[]
  /** The program, for the operator. */
  command?: string
  server?: { name: string; version: string; revision: string; tools: number; startMs: number }
  children?: NonNullable<ToolLook['children']>
  era?: ToolLook['era']
  paths?: { mcp: string; sse: string }
  callsInFlight: number
  sessionCount: number
  /** At most 200 of each. */
  sessions: SessionView[]
  processes: ProcessView[]
  memoryBytes: number
  failures: FailureView[]
  latency: (Omit<Minute, 'at'> & { at: string })[]
  /** What in the texts of its tools may be meant for a model alone. For the operator. */
  oddTexts?: readonly string[]
  /** Tools that are not as they were accepted; the lines say what was and what is. For the operator. */
  toolChanges?: {
    tool: string
    change: Difference['kind']
    lines: readonly string[]
    odd: readonly string[]
  }[]
}

export interface SessionView extends Pick<
  SessionLook,
  'id' | 'principal' | 'client' | 'wire' | 'revision' | 'callsInFlight' | 'pid'
> {
  openedAt: string
  lastRequestAt: string
}

export interface ProcessView extends Pick<ProcessLook, 'pid' | 'state' | 'memoryBytes' | 'treeSize'> {
  startedAt: string
  /** Of the session whose own it is. */
  session?: string
  stderr?: string[]
}

export interface FailureView extends Pick<Failure, 'code' | 'message' | 'hint' | 'stderr'> {
  at: string
  /** Whose process it was; empty for one that several share, and for the tool itself. */
  principal: string
}

/** A page with more would help nobody. */
const MOST = 200
/** The worst first. */
const STATES: readonly ToolView['state'][] = ['failing', 'draining', 'starting', 'ready', 'idle', 'off']

/**
 * The only place where rights are decided: nothing of what a viewer may not see gets further than this.
 *
 * @param problem why none of the tools can be used, whatever is right with each
 */
export function viewFor(
  viewer: Viewer,
  tools: readonly { tool: StatusTool; look: ToolLook }[],
  problem: Readiness | undefined,
): StatusView {
  const shadows = viewer.sees === 'all' ? shadowsAmong(tools) : new Map<string, string[]>()
  const views = tools
    .filter(({ tool }) => viewer.sees !== 'own' || tool.isFor(viewer.principal))
    .map(({ tool, look }) => toolView(viewer, { tool, look, shadows: shadows.get(tool.name) ?? [] }))
  const worst = STATES.find((state) => views.some((view) => view.state === state)) ?? 'ready'
  const seesStates = viewer.sees === 'states'
  return {
    status: problem?.status ?? worst,
    ...(problem !== undefined && !seesStates && { reason: problem.reason }),
    ...(!seesStates && { version: VERSION }),
    sees: viewer.sees,
    ...(viewer.sees === 'own' && { principal: viewer.principal }),
    tools: views,
  }
}

function toolView(
  viewer: Viewer,
  { tool, look, shadows }: { tool: StatusTool; look: ToolLook; shadows: readonly string[] },
): ToolView {
  const odd = [...look.suspicions, ...shadows]
  const { changes = [] } = look
  const { name } = tool
  const { state } = look
  if (viewer.sees === 'states') return { name, state }
  const isAll = viewer.sees === 'all'
  const sessions = isAll ? look.sessions : look.sessions.filter((each) => each.ownerKey === viewer.ownerKey)
  const bySession = new Map(sessions.flatMap(({ pid, id }) => (pid === undefined ? [] : [[pid, id]])))
  const processes = isAll ? look.processes : look.processes.filter(({ pid }) => bySession.has(pid))
  const failures = isAll
    ? look.failures
    : look.failures.filter(({ owner }) => owner.key === viewer.ownerKey).map(withoutPaths)
  const details: ToolDetails = {
    ...reasonFor(isAll, look),
    ...(isAll && { command: tool.command }),
    ...(look.report !== undefined && { server: serverView(look.report) }),
    ...(look.children !== undefined && { children: look.children }),
    ...(look.era !== undefined && { era: look.era }),
    ...(tool.paths !== undefined && { paths: { mcp: tool.paths.mcpPath, sse: tool.paths.ssePath } }),
    callsInFlight: sessions.reduce((sum, { callsInFlight }) => sum + callsInFlight, 0),
    sessionCount: sessions.length,
    sessions: sessions.slice(-MOST).map(sessionView),
    processes: processes.slice(-MOST).map((each) => processView(each, bySession.get(each.pid), isAll)),
    memoryBytes: processes.reduce((sum, { memoryBytes = 0 }) => sum + memoryBytes, 0),
    failures: failures.map(failureView),
    ...(isAll && odd.length > 0 && { oddTexts: odd.slice(0, MOST) }),
    ...(isAll && changes.length > 0 && { toolChanges: changes.slice(0, MOST).map(changeView) }),
    latency: look.minutes.map(({ at, ...rest }) => ({ at: iso(at), ...rest })),
  }
  return { name, state, details }
}

/** What a client of several of these servers may fall for. */
function shadowsAmong(tools: readonly { tool: StatusTool; look: ToolLook }[]): Map<string, string[]> {
  return shadowsIn(tools.map(({ tool, look }) => ({ server: tool.name, tools: look.report?.tools ?? [] })))
}

function reasonFor(
  isAll: boolean,
  { reason, why }: ToolLook,
): Pick<ToolDetails, 'reason' | 'hint' | 'stderr'> {
  if (!isAll || why === undefined) return reason === undefined ? {} : { reason }
  const { message, hint, stderr } = why
  return { reason: message, ...(hint !== undefined && { hint }), ...(stderr.length > 0 && { stderr }) }
}

/** How the operator's command is written is for the operator. */
function withoutPaths(failure: Failure): Failure {
  if (failure.code !== 'child_spawn_failed') return failure
  return { ...failure, message: 'the tool cannot be started', hint: undefined }
}

function serverView({
  name,
  version,
  protocolVersion,
  tools,
  startMs,
}: NonNullable<ToolLook['report']>): NonNullable<ToolDetails['server']> {
  return {
    name: excerpt(name),
    version: excerpt(version),
    revision: excerpt(protocolVersion),
    tools: tools.length,
    startMs,
  }
}

function sessionView({ ownerKey: _ownerKey, openedAt, lastRequestAt, ...rest }: SessionLook): SessionView {
  return { ...rest, openedAt: iso(openedAt), lastRequestAt: iso(lastRequestAt) }
}

function processView(
  { said, startedAt, ...rest }: ProcessLook,
  session: string | undefined,
  isAll: boolean,
): ProcessView {
  return {
    ...rest,
    startedAt: iso(startedAt),
    ...(session !== undefined && { session }),
    ...(isAll && said.length > 0 && { stderr: said }),
  }
}

function changeView({ tool, kind, lines, odd }: Difference): NonNullable<ToolDetails['toolChanges']>[number] {
  const shown = lines.slice(0, MOST).map((line) => excerpt(line, 1000))
  return { tool: excerpt(tool), change: kind, lines: shown, odd }
}

function failureView({ owner, at, ...rest }: Failure): FailureView {
  return { ...rest, at: iso(at), principal: owner.principal }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
