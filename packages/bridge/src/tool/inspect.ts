// tool/inspect: what a tool is, what it costs, and what is odd about it.
import { toBridgeError } from '../errors.ts'
import { excerpt, hidesSomething } from '../visible.ts'
import type { Child } from '../child/child.ts'
import { residentBytes, snapshotProcesses } from '../child/process-tree.ts'
import type { Tool } from '../lock/definition.ts'
import { suspicionsIn } from '../lock/suspicions.ts'
import type { ChildReport } from '../relay/describe.ts'
import { MODERN_REVISION } from '../rpc/revisions.ts'
import type { Era } from '../session/lease.ts'
import type { Logger } from '../telemetry/logger.ts'
import { isRefusal, SILENCE_MS } from './era.ts'
import { SoleClient } from './sole-client.ts'
import { withHint, type Told, type TrialOptions } from './trial.ts'

export interface Inspection extends ChildReport {
  /** That of `protocolVersion`, and 2026-07-28 where it speaks that too. */
  revisions: string[]
  /** Memory of the whole process tree after the lists were read, in bytes. */
  memoryBytes: number
  processes: number
  /** Whether a second process can run beside the first, as sessions of their own need it. */
  secondProcess: boolean
  /** What to give as `--children …`, and why. */
  recommended: Recommendation
  /** What an operator should know, each a sentence. */
  warnings: string[]
}

export interface Recommendation {
  options: string
  why: string
}

/** What a client can be asked; tools that ask are often offered only to clients that say so. */
const ALL_CAPABILITIES = { roots: { listChanged: true }, sampling: {}, elicitation: {} }
/** A start that takes longer is felt by a client that opens a session per call. */
const SLOW_START_MS = 1000

/** Throws BridgeError, `child_…`, if the first process cannot be asked. */
export async function inspectTool(options: TrialOptions & Told, log: Logger): Promise<Inspection> {
  const { child, client, report, definitions, era } = await first(options, log)
  const warnings: string[] = []
  const tree = (await snapshotProcesses()).under(child.pid, child.mark)
  const memoryBytes = [child.pid, ...tree.map(({ pid }) => pid)].reduce(
    (sum, pid) => sum + residentBytes(pid),
    0,
  )
  if (client.noise.length > 0) {
    warnings.push(
      `prints what is no message to stdout (dropped by the bridge): ${JSON.stringify(client.noise[0])}`,
    )
  }
  const hiding = textsOf(report).filter(hidesSomething)
  if (hiding.length > 0) {
    warnings.push(
      `its names or descriptions hold escape sequences or characters that are not seen: ${excerpt(hiding[0]!)}`,
    )
  }
  warnings.push(...suspicionsIn(definitions))
  const second = await secondProcess(options, era, report.tools.length, log)
  if ('problem' in second) warnings.push(`a second process cannot run beside the first: ${second.problem}`)
  const step = await child.stop()
  if (step === 'SIGTERM' || step === 'SIGKILL')
    warnings.push(`does not end when its stdin is closed; it took ${step}`)
  if (step === 'exited') warnings.push('ended by itself right after it had answered')
  const isDual = era === 'legacy' && !('problem' in second) && (await speaksModern(options, report, log))
  return {
    ...report,
    revisions: isDual ? [report.protocolVersion, MODERN_REVISION] : [report.protocolVersion],
    memoryBytes,
    processes: tree.length + 1,
    secondProcess: !('problem' in second),
    recommended: recommend(report, second),
    warnings,
  }
}

/** Its tools in full, as a client is offered them that can be asked everything. Throws likewise. */
export async function definitionsOf(options: TrialOptions & Told, log: Logger): Promise<readonly Tool[]> {
  const { child, definitions } = await first(options, log, { capabilities: ALL_CAPABILITIES })
  await child.stop()
  return definitions
}

interface First {
  child: Child
  client: SoleClient
  report: ChildReport
  definitions: readonly Tool[]
  era: Era
}

/** One that does not take `initialize` is asked in the manner of 2026-07-28. */
async function first(
  options: TrialOptions & Told,
  log: Logger,
  { era = 'legacy', capabilities = {} }: { era?: Era; capabilities?: object } = {},
): Promise<First> {
  const child = await options.start()
  const client = new SoleClient(child, options.startTimeoutMs, log)
  try {
    const described = era === 'legacy' ? client.describe(capabilities) : client.describeModern()
    const { answer: _1, paramHeaders: _2, definitions, ...report } = await described
    return { child, client, report, definitions, era }
  } catch (thrown) {
    await child.stop()
    const error = withHint(toBridgeError(thrown), options)
    if (era === 'modern' || !isRefusal(error)) throw error
    return await first(options, log, { era: 'modern' }).catch(() => {
      throw error
    })
  }
}

/** On a process of its own: it may begin in one way only. */
async function speaksModern(options: TrialOptions, { startMs }: ChildReport, log: Logger): Promise<boolean> {
  const patienceMs = Math.min(options.startTimeoutMs, Math.max(SILENCE_MS, 3 * startMs))
  let child: Child | undefined
  try {
    child = await options.start()
    await new SoleClient(child, patienceMs, log).describeModern()
    return true
  } catch {
    return false
  } finally {
    await child?.stop()
  }
}

/** All that it says of itself to a person. */
function textsOf({ name, version, tools, resources, prompts }: ChildReport): string[] {
  return [
    ...[name, version],
    ...[...tools, ...resources, ...prompts].flatMap((each) => [each.name, each.description]),
  ]
}

function recommend(report: ChildReport, second: Second): Recommendation {
  if ('problem' in second) {
    return { options: '--children shared --warm 0', why: 'it cannot run twice' }
  }
  if (second.asksItsClient)
    return { options: '--children session', why: 'it asks its client (sampling, elicitation, roots)' }
  if (report.canSubscribe)
    return { options: '--children session', why: 'clients can subscribe to its resources' }
  const slow = report.startMs > SLOW_START_MS
  return {
    options: '--children session',
    why: slow
      ? `it keeps clients apart; for clients that open a session per call (LiteLLM), --children shared spares them ${report.startMs} ms`
      : 'it keeps clients apart; for clients that open a session per call (LiteLLM), --children shared costs less',
  }
}

type Second = { problem: string } | { asksItsClient: boolean }

/** Starts a second process beside the first, with a client that can be asked everything. */
async function secondProcess(
  { start, startTimeoutMs }: TrialOptions,
  era: Era,
  toolsBefore: number,
  log: Logger,
): Promise<Second> {
  let second: Child | undefined
  try {
    second = await start()
    const client = new SoleClient(second, startTimeoutMs, log)
    if (era === 'modern') {
      await client.describeModern()
      return { asksItsClient: false }
    }
    const offered = await client.describe(ALL_CAPABILITIES)
    return { asksItsClient: client.serverRequests > 0 || offered.tools.length > toolsBefore }
  } catch (error) {
    const { message, data } = toBridgeError(error)
    const stderr = data?.['stderr']
    const last = Array.isArray(stderr) ? stderr.map(String).at(-1) : undefined
    return { problem: last === undefined ? message : `${message} (${excerpt(last)})` }
  } finally {
    await second?.stop()
  }
}
