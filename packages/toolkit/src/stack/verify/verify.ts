// verify/verify: all checks of the stack, in an order in which a failure explains those after it.
import { measuredTools, needsOf, openTools, publishedAt, servicesOf } from '../compose-config.ts'
import { parseContainers, parseReached, parseWaysOut } from '../facts.ts'
import { isAllWell, placed, type Finding, type Placed } from '../finding.ts'
import { Gateway } from '../gateway.ts'
import type { StackTool } from '../tools/expected.ts'
import { checkCalls, checkFailure, isCalled } from './calls.ts'
import { explained } from './causes.ts'
import { checkContainers } from './containers.ts'
import { checkRole, checkWrite } from './database.ts'
import { checkDiscovery, type Facts } from './discovery.ts'
import { checkClosed, checkGateway, ping } from './gateway.ts'
import { dropKey, makeKey } from './key.ts'
import { checkLogins } from './logins.ts'
import { checkMetrics, countedSoFar, Prometheus } from './metrics.ts'
import { checkModel } from './model.ts'
import { checkOutside } from './outside.ts'

export interface VerifyOptions {
  url: string
  /** Makes a key for this run, which is deleted afterwards; from the LAN it is undefined, and `key` is used. */
  masterKey: string | undefined
  key: string | undefined
  tools: readonly StackTool[]
  /** Checks this one tool, and of the rest only what it needs. */
  only?: string | undefined
  /** What the shell saw, by section; from the LAN nothing about containers. */
  facts: ReadonlyMap<string, string>
}

/** The tool that could write to the database. */
const WRITES = 'execute_sql'
/** Of the tool that the model `selftest` asks for. */
const SELFTEST_ALIAS = 'db'

export async function verify(options: VerifyOptions): Promise<Finding[]> {
  const compose = options.facts.get('compose') ?? ''
  return explained(await everything(options, compose), (need) => needsOf(compose, need))
}

async function everything(options: VerifyOptions, compose: string): Promise<Placed[]> {
  const findings = beneath(options, compose)
  const open = new Gateway(options.url, options.masterKey ?? options.key)
  const isFromLan = options.masterKey === undefined
  const published = isFromLan ? (compose === '' ? '' : (publishedAt(compose) ?? '')) : undefined
  const first = await checkGateway(open, published)
  findings.push(...onLiteLLM(first))
  if (!isAllWell(first)) return findings

  const { key, finding } = options.key === undefined ? await makeKey(open) : { key: options.key }
  if (finding !== undefined) findings.push(...onLiteLLM([finding]))
  if (key === undefined) return findings
  try {
    findings.push(...(await ask(open.as(key), options, compose)))
  } finally {
    if (options.key === undefined) findings.push(...onLiteLLM([await dropKey(open, key)]))
  }
  return findings
}

function onLiteLLM(findings: readonly Finding[]): Placed[] {
  return placed(findings, { needs: ['litellm'] })
}

/** What LiteLLM and the tools stand on. */
function beneath({ facts, only }: VerifyOptions, compose: string): Placed[] {
  const ps = facts.get('ps')
  if (ps === undefined) return []
  const concerns = (service: string) =>
    only === undefined || [only, 'litellm'].some((each) => needsOf(compose, each).includes(service))
  const containers = checkContainers(servicesOf(compose).filter(concerns), parseContainers(ps), facts)
  return [
    ...containers.flatMap((each) => placed([each], { provides: each.subject, needs: [each.subject] })),
    ...checkLogins(facts),
  ]
}

async function ask(
  gateway: Gateway,
  { tools, facts, masterKey, only }: VerifyOptions,
  compose: string,
): Promise<Placed[]> {
  const pong = onLiteLLM([await ping(gateway)])
  if (!isAllWell(pong)) return pong
  const chosen = tools.filter(({ service }) => only === undefined || service === only)
  const { findings, lost } = await checkDiscovery(gateway, chosen, tools, seen(facts))
  const there = chosen.filter(({ service }) => !lost.has(service))
  findings.unshift(...pong)
  // From the LAN it is not reached.
  const measured = masterKey === undefined ? [] : measuredTools(compose, there.filter(isCalled))
  const prometheus = new Prometheus()
  const before = measured.length === 0 ? undefined : await countedSoFar(prometheus)
  findings.push(...(await checkCalls(gateway, there)))
  if (before !== undefined) findings.push(...(await checkMetrics(prometheus, measured, before)))
  const ways = facts.get('outside')
  if (ways !== undefined) {
    const asked = ways.trim() === 'none' ? undefined : parseWaysOut(ways)
    findings.push(...(await checkOutside(gateway, openTools(compose, there), asked)))
  }
  if (only !== undefined) return [...findings, ...(await checkFailure(gateway, there))]
  const selftest = tools.filter(({ alias }) => alias === SELFTEST_ALIAS).map(({ service }) => service)
  findings.push(...placed(await checkModel(gateway), { needs: ['litellm', ...selftest] }))
  const reader = there.find(({ least }) => least.includes(WRITES))
  if (reader !== undefined)
    findings.push(...placed([await checkWrite(gateway, reader.alias)], { needs: [reader.service] }))
  const [write, enter] = [facts.get('write'), facts.get('enter')]
  if (write !== undefined && enter !== undefined)
    findings.push(...placed(checkRole({ write, enter }), { needs: ['postgres', 'login mcp_reader'] }))
  findings.push(...onLiteLLM(await checkClosed(gateway, masterKey !== undefined)))
  findings.push(...(await checkFailure(gateway, there)))
  return findings
}

function seen(facts: ReadonlyMap<string, string>): Facts {
  const [ps, reached = ''] = [facts.get('ps'), facts.get('reached')]
  return {
    containers: ps === undefined ? undefined : parseContainers(ps),
    reached: reached.includes('{') ? parseReached(reached) : undefined,
  }
}
