// verify/diagnosis: why LiteLLM lists no tools of a server; it says "Successfully retrieved tools" in any case.
import type { Container, Reached } from '../facts.ts'
import type { StackTool } from '../tools/expected.ts'

/** What is known beside LiteLLM's list; from the LAN there are no containers to ask. */
export interface Evidence {
  containers?: readonly Container[] | undefined
  reached?: readonly Reached[] | undefined
  /** Prefixes of all tools that LiteLLM lists. */
  prefixes: ReadonlySet<string>
  /** Of all tools of the stack. */
  known: ReadonlySet<string>
}

export interface Diagnosis {
  detail: string
  fix: string
}

/** The first reason that fits, beginning at the tool. */
export function diagnose(tool: StackTool, evidence: Evidence): Diagnosis {
  const { service, alias } = tool
  const container = evidence.containers?.find((each) => each.service === service)
  if (evidence.containers !== undefined && container?.state !== 'running')
    return {
      detail: `no tool is listed: the container ${service} is ${container?.state ?? 'missing'}`,
      fix: `docker compose up -d ${service}`,
    }
  const stranger = [...evidence.prefixes].find((prefix) => !evidence.known.has(prefix))
  const reached = evidence.reached?.find((each) => each.alias === alias)
  if (reached === undefined && (evidence.reached !== undefined || stranger !== undefined))
    return {
      detail: `LiteLLM has no server with the alias "${alias}"${stranger === undefined ? '' : `, but one called "${stranger}"`}`,
      fix: `write "alias: ${alias}" into the entry for ${service} in config/litellm.yaml, then: docker compose restart litellm`,
    }
  if (reached === undefined || (reached.status >= 200 && reached.status < 300))
    return {
      detail:
        'no tool is listed, though its bridge answers: a filter hides them, or the process in it cannot start',
      fix: `read the reason: docker compose logs --tail 50 ${service}`,
    }
  return unreached(tool, reached)
}

function unreached({ service, tokenVariable }: StackTool, { url, status, reason }: Reached): Diagnosis {
  switch (status) {
    case 401:
    case 403:
      return {
        detail: `the bridge of ${service} refuses the token that LiteLLM sends`,
        fix: `the line "gateway:" of people/${service}/tokens and ${tokenVariable} in .env must be the same secret, then: docker compose up -d`,
      }
    case 404:
    case 405:
      return {
        detail: `${url} is no address of a bridge (HTTP ${status})`,
        fix: `the url in config/litellm.yaml ends in /sse with "transport: sse", or in /mcp with "transport: http", then: docker compose restart litellm`,
      }
    case 0:
      return {
        detail: `LiteLLM cannot reach ${url}: ${reason}`,
        fix: `the host in config/litellm.yaml must be the name of the service, ${service}, and both must share a network, then: docker compose up -d && docker compose restart litellm`,
      }
    default:
      return {
        detail: `the bridge of ${service} answers HTTP ${status}: ${reason}`,
        fix: `read the reason: docker compose logs --tail 50 ${service}`,
      }
  }
}
