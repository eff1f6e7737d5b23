// verify/outside: a tool with a way out gets out; its own call of the catalogue is one that needs nothing outside.
import { messageOf } from '../../errors.ts'
import type { WayOut } from '../facts.ts'
import { bad, ok, placed, type Finding, type Placed } from '../finding.ts'
import { shortened, type Gateway } from '../gateway.ts'
import type { StackTool } from '../tools/expected.ts'

const CHECK = 'outside'
/** LiteLLM 1.77.3 drops `isError`: the text has to tell. */
const FAILURE = /^(error|failed)\b|connection issue/i
const AIR_GAPPED = 'a site without the Internet: VERIFY_OUTSIDE=none in .env'

/** @param ways what lib/outside.cjs saw in the containers that run; undefined if the operator wants nothing asked */
export async function checkOutside(
  gateway: Gateway,
  tools: readonly StackTool[],
  ways: readonly WayOut[] | undefined,
): Promise<Placed[]> {
  const findings: Placed[] = []
  for (const tool of tools) {
    const { service } = tool
    const place = { needs: [service, 'egress'] }
    if (ways === undefined) {
      findings.push(ok(CHECK, service, 'not asked: VERIFY_OUTSIDE=none'))
      continue
    }
    const way = ways.find((each) => each.service === service)
    if (way === undefined) continue
    findings.push(...placed([wayOut(way)], place))
    if (way.step === 'answer' && tool.outside !== undefined)
      findings.push(...placed([await called(gateway, tool, tool.outside, way.url)], place))
  }
  return findings
}

function wayOut({ service, url, step, reason }: WayOut): Finding {
  if (step === 'answer') return ok(CHECK, service, `${url} answers: ${reason}`)
  const [what, fix] = causeOf(step, new URL(url).hostname)
  return bad(CHECK, service, `cannot get out to ${url}: ${what}: ${reason}`, fix)
}

function causeOf(step: Exclude<WayOut['step'], 'answer'>, host: string): [what: string, fix: string] {
  switch (step) {
    case 'proxy':
      return ['egress does not answer', 'docker compose up -d --wait egress']
    case 'refused':
      return [
        'egress refuses it',
        `if tools may reach that address, write EGRESS_ALLOW=${host} into .env, then: docker compose up -d --wait`,
      ]
    case 'name':
      return [
        'no DNS server knows the name',
        `mend the DNS of this machine ("dns" in /etc/docker/daemon.json, if Docker has another); ${AIR_GAPPED}`,
      ]
    case 'connection':
      return ['nothing answers there', `let this machine go out (firewall, route); ${AIR_GAPPED}`]
    case 'certificate':
      return [
        'the certificate is of an authority that the container does not know, as where TLS is inspected',
        'give the tool that authority ("TLS inspection" in README.md), then: docker compose up -d --wait',
      ]
  }
}

async function called(
  gateway: Gateway,
  { service, alias }: StackTool,
  { tool, argument }: NonNullable<StackTool['outside']>,
  url: string,
): Promise<Finding> {
  const subject = `${alias}-${tool}`
  const fix = `its container gets out, so the tool itself refuses or fails: docker compose logs --tail 50 ${service} egress`
  try {
    const text = await gateway.call(subject, { [argument]: url })
    return FAILURE.test(text)
      ? bad(CHECK, subject, shortened(text), fix)
      : ok(CHECK, subject, shortened(text, 60))
  } catch (error) {
    return bad(CHECK, subject, messageOf(error), fix)
  }
}
