// verify/calls: one call of each tool, over REST and `/mcp/`, and one that fails and must not hang LiteLLM.
import { messageOf } from '../../errors.ts'
import { bad, ok, placed, type Finding, type Placed } from '../finding.ts'
import { shortened, type Gateway } from '../gateway.ts'
import type { StackTool } from '../tools/expected.ts'
import { ping } from './gateway.ts'

/** The one call of each recipe, over REST and over `/mcp/`. */
export async function checkCalls(gateway: Gateway, tools: readonly StackTool[]): Promise<Placed[]> {
  const findings: Placed[] = []
  for (const { service, alias, call, least } of tools) {
    if (call === undefined) continue
    const name = `${alias}-${call.tool}`
    if (!least.includes(call.tool)) {
      findings.push(
        ok('call', name, 'not made: the token of LiteLLM may not; a person with a token of their own may'),
      )
      continue
    }
    const ways: [string, () => Promise<string>][] = [
      ['REST', () => gateway.restCall(name, call.arguments)],
      ['/mcp/', () => gateway.call(name, call.arguments)],
    ]
    for (const [way, make] of ways)
      findings.push(
        ...placed([await called(service, `${name} ${way}`, make, call.contains)], { needs: [service] }),
      )
  }
  return findings
}

/** Whether `checkCalls` makes it. */
export function isCalled({ call, least }: StackTool): boolean {
  return call !== undefined && least.includes(call.tool)
}

async function called(
  service: string,
  subject: string,
  make: () => Promise<string>,
  contains: string,
): Promise<Finding> {
  const fix = `read the reason: docker compose logs --tail 50 ${service}`
  try {
    const text = await make()
    if (text.includes(contains)) return ok('call', subject, shortened(text, 60))
    return bad('call', subject, `answered without "${contains}": ${shortened(text)}`, fix)
  } catch (error) {
    return bad('call', subject, messageOf(error), fix)
  }
}

/** Calls a tool that does not exist. An answer with a JSON-RPC error, instead of a result, would hang LiteLLM on `/mcp/`. */
export async function checkFailure(gateway: Gateway, tools: readonly StackTool[]): Promise<Placed[]> {
  const findings: Placed[] = []
  for (const tool of tools) findings.push(...placed([await failed(gateway, tool)], { needs: [tool.service] }))
  return [...findings, ...placed([await ping(gateway, '/mcp/ after failures')], { needs: ['litellm'] })]
}

async function failed(gateway: Gateway, { service, alias }: StackTool): Promise<Finding> {
  const name = `${alias}-no_such_tool`
  const fix = `start its bridge with --compat litellm: docker compose config ${service}`
  try {
    // The bridge answers or, without a filter, the tool itself, so the text is not known.
    const text = await gateway.call(name, {})
    return text === ''
      ? bad('failure', name, 'is answered with nothing', fix)
      : ok('failure', name, shortened(text, 60))
  } catch (error) {
    return bad('failure', name, messageOf(error), fix)
  }
}
