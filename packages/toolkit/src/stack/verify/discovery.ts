// verify/discovery: LiteLLM lists exactly the tools that it should, over REST and `/mcp/`; it reports success even for none.
import { messageOf, ToolkitError } from '../../errors.ts'
import { bad, ok, placed, type Finding, type Placed } from '../finding.ts'
import { NOT_ALLOWED, type Gateway } from '../gateway.ts'
import type { StackTool } from '../tools/expected.ts'
import { diagnose, type Evidence } from './diagnosis.ts'

const CHECK = 'discovery'
const RESTART = 'docker compose restart litellm'
const GRANT = `newer LiteLLM opens a server to keys where config/litellm.yaml says so: write "allow_all_keys: true" into each entry below mcp_servers, then: ${RESTART}`

export type Facts = Pick<Evidence, 'containers' | 'reached'>

/** Compares what each way lists with what it should. `lost`: services of which no tool is listed; calling them makes no sense. */
export async function checkDiscovery(
  gateway: Gateway,
  tools: readonly StackTool[],
  all: readonly StackTool[],
  facts: Facts,
): Promise<{ findings: Placed[]; lost: Set<string> }> {
  const ways: [string, () => Promise<string[]>][] = [
    ['/mcp/', () => gateway.tools()],
    ['REST', () => gateway.restTools()],
  ]
  const findings: Placed[] = []
  const lost = new Set<string>()
  for (const [way, list] of ways) {
    let listed: string[]
    try {
      listed = await list()
      // `/mcp/` does not say why it lists nothing.
      if (listed.length === 0 && way === '/mcp/' && (await isDenied(gateway)))
        throw new ToolkitError(NOT_ALLOWED)
    } catch (error) {
      const reason = messageOf(error)
      const said = bad(CHECK, way, `cannot be listed: ${reason}`, reason === NOT_ALLOWED ? GRANT : RESTART)
      findings.push(...placed([said], { needs: ['litellm'] }))
      for (const { service } of tools) lost.add(service)
      continue
    }
    const known = new Set(all.map(({ alias }) => alias))
    const prefixes = new Set(listed.map((name) => name.slice(0, name.indexOf('-'))))
    for (const tool of tools) {
      const names = listed.filter((name) => name.startsWith(`${tool.alias}-`))
      const place = { needs: [tool.service] }
      if (names.length > 0) findings.push(...placed([compared(way, tool, names)], place))
      else if (!lost.has(tool.service)) {
        lost.add(tool.service)
        const { detail, fix } = diagnose(tool, { ...facts, known, prefixes })
        findings.push(...placed([bad(CHECK, tool.service, detail, fix)], place))
      }
    }
  }
  return { findings, lost }
}

async function isDenied(gateway: Gateway): Promise<boolean> {
  return gateway.restTools().then(
    () => false,
    (error: unknown) => messageOf(error) === NOT_ALLOWED,
  )
}

function compared(
  way: string,
  { service, alias, least, isExact }: StackTool,
  names: readonly string[],
): Finding {
  const expected = least.map((name) => `${alias}-${name}`)
  const missing = expected.filter((name) => !names.includes(name))
  const surplus = isExact ? names.filter((name) => !expected.includes(name)) : []
  const subject = `${service} ${way}`
  if (missing.length === 0 && surplus.length === 0) return ok(CHECK, subject, `${names.length} tools`)
  const detail = [
    `${names.length} tools instead of ${expected.length}`,
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...(surplus.length > 0 ? [`not expected: ${surplus.join(', ')}`] : []),
  ].join('; ')
  return bad(
    CHECK,
    subject,
    detail,
    `what LiteLLM may see stands under "gateway" in people/${service}/bridge.yaml, what the tool has in its recipe; correct one of them, then: docker compose restart ${service}`,
  )
}
