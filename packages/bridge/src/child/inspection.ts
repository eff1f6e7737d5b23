// child/inspection: what a tool is, what it costs, and what is odd about it.
import { toBridgeError } from '../errors.ts'
import type { Child } from './child.ts'
import { residentBytes, takeCensus } from './census.ts'
import { Interview, type ChildReport } from './interview.ts'
import { withAdvice, type TrialOptions } from './trial.ts'

export interface Inspection extends ChildReport {
  /** Memory of the whole process tree after the lists were read, in bytes. */
  memoryBytes: number
  processes: number
  /** Whether a second process can run beside the first, as sessions of their own need it. */
  secondProcess: boolean
  /** What an operator should know, each a sentence. */
  oddities: string[]
}

/** Throws BridgeError, `child_…`, if the first process cannot be asked. */
export async function inspectTool(options: TrialOptions): Promise<Inspection> {
  const child = await options.start()
  const interview = new Interview(child)
  let report: ChildReport
  try {
    report = await interview.run(options.version, options.startTimeoutMs)
  } catch (error) {
    await child.stop()
    throw withAdvice(toBridgeError(error), child.stderrTail, options)
  }
  const oddities: string[] = []
  const tree = (await takeCensus()).under(child.pid, child.mark)
  const memoryBytes = [child.pid, ...tree.map(({ pid }) => pid)].reduce(
    (sum, pid) => sum + residentBytes(pid),
    0,
  )
  if (interview.noise.length > 0) {
    oddities.push(
      `prints what is no message to stdout (dropped by the bridge): ${JSON.stringify(interview.noise[0])}`,
    )
  }
  const problem = await secondProcessProblem(options)
  if (problem !== undefined) oddities.push(`a second process cannot run beside the first: ${problem}`)
  const step = await child.stop()
  if (step === 'SIGTERM' || step === 'SIGKILL')
    oddities.push(`does not end when its stdin is closed; it took ${step}`)
  if (step === 'exited') oddities.push('ended by itself right after it had answered')
  return {
    ...report,
    memoryBytes,
    processes: tree.length + 1,
    secondProcess: problem === undefined,
    oddities,
  }
}

async function secondProcessProblem({
  start,
  version,
  startTimeoutMs,
}: TrialOptions): Promise<string | undefined> {
  let second: Child | undefined
  try {
    second = await start()
    await new Interview(second).run(version, startTimeoutMs)
    return undefined
  } catch (error) {
    const last = second?.stderrTail.at(-1)
    return last === undefined ? toBridgeError(error).message : `${toBridgeError(error).message} (${last})`
  } finally {
    await second?.stop()
  }
}
