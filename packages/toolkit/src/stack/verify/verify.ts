// verify/verify: all checks of the stack, in an order in which a failure explains those after it.
import { messageOf } from '../../errors.ts'
import { servicesOf } from '../compose-config.ts'
import { parseContainers, parseReached } from '../facts.ts'
import { bad, isAllWell, ok, type Finding } from '../finding.ts'
import { Gateway } from '../gateway.ts'
import type { StackTool } from '../tools/expected.ts'
import { checkCalls, checkFailure } from './calls.ts'
import { checkContainers } from './containers.ts'
import { checkRole, checkWrite } from './database.ts'
import { checkDiscovery } from './discovery.ts'
import { checkClosed, checkGateway } from './gateway.ts'
import { checkModel, SELFTEST } from './model.ts'

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
const KEY_LIFE = '30m'

export async function verify(options: VerifyOptions): Promise<Finding[]> {
  const { facts } = options
  const ps = facts.get('ps')
  const containers = ps === undefined ? undefined : parseContainers(ps)
  const findings: Finding[] =
    containers === undefined
      ? []
      : checkContainers(
          servicesOf(facts.get('compose') ?? '').filter((service) => concerns(options, service)),
          containers,
        )
  const open = new Gateway(options.url, options.masterKey ?? options.key)
  const first = await checkGateway(open, options.masterKey !== undefined)
  findings.push(...first)
  if (!isAllWell(first)) return findings

  const made = options.key ?? (await makeKey(open, findings))
  if (made === undefined) return findings
  try {
    findings.push(...(await ask(open.as(made), options, containers)))
  } finally {
    if (options.key === undefined) findings.push(await dropKey(open, made))
  }
  return findings
}

async function ask(
  gateway: Gateway,
  { tools, facts, masterKey, only }: VerifyOptions,
  containers: ReturnType<typeof parseContainers> | undefined,
): Promise<Finding[]> {
  const probe = facts.get('reached')
  const reached = probe === undefined || !probe.includes('{') ? undefined : parseReached(probe)
  const chosen = tools.filter(({ service }) => only === undefined || service === only)
  const { findings, lost } = await checkDiscovery(gateway, chosen, tools, { containers, reached })
  const there = chosen.filter(({ service }) => !lost.has(service))
  findings.push(...(await checkCalls(gateway, there)))
  if (only !== undefined) return [...findings, ...(await checkFailure(gateway, there))]
  findings.push(...(await checkModel(gateway)))
  const reader = there.find(({ least }) => least.includes(WRITES))
  if (reader !== undefined) findings.push(await checkWrite(gateway, reader.alias))
  const [write, enter] = [facts.get('write'), facts.get('enter')]
  if (write !== undefined && enter !== undefined) findings.push(...checkRole({ write, enter }))
  findings.push(...(await checkClosed(gateway, masterKey !== undefined)))
  findings.push(...(await checkFailure(gateway, there)))
  return findings
}

function concerns({ only }: VerifyOptions, service: string): boolean {
  return only === undefined || service === only || service === 'litellm'
}

async function makeKey(gateway: Gateway, findings: Finding[]): Promise<string | undefined> {
  try {
    const key = await gateway.generateKey({ models: [SELFTEST], duration: KEY_LIFE })
    findings.push(ok('key', 'made', 'for this run only'))
    return key
  } catch (error) {
    findings.push(
      bad(
        'key',
        'made',
        messageOf(error),
        'LITELLM_MASTER_KEY in .env must be the one LiteLLM was started with: docker compose up -d litellm',
      ),
    )
    return undefined
  }
}

/** Deletes the key, and checks that it opens nothing any more. */
async function dropKey(gateway: Gateway, key: string): Promise<Finding> {
  const { status, text } = await gateway.deleteKeys({ keys: [key] })
  const fix = 'delete it by hand on the page "Virtual Keys" of /ui/'
  if (status !== 200) return bad('key', 'deleted', `HTTP ${status}: ${text}`, fix)
  const after = await gateway.as(key).ask('GET', '/mcp-rest/tools/list')
  if (after.status >= 400) return ok('key', 'deleted', 'opens nothing any more')
  return bad('key', 'deleted', 'it is still let in', fix)
}
