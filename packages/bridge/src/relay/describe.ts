// relay/describe: what a child says of itself, and what it offers.
import { BridgeError } from '../errors.ts'
import type { ChildClient } from './client.ts'
import { isTool, type Tool } from '../lock/definition.ts'
import { recordOf, textOf, type Members } from '../rpc/content.ts'
import { paramHeadersOf, type ParamHeader } from '../rpc/param-headers.ts'

/** What a child said of itself. */
export interface ChildReport {
  name: string
  version: string
  protocolVersion: string
  instructions: string | undefined
  capabilities: string[]
  /** Clients can subscribe to its resources. */
  canSubscribe: boolean
  tools: { name: string; description: string }[]
  resources: { name: string; description: string }[]
  prompts: { name: string; description: string }[]
  /** From process start to the answer to `initialize`. */
  startMs: number
}

/** The same with what only the bridge needs. */
export interface ChildDescription extends ChildReport {
  /** All of its answer to `initialize`; undefined where no child could be asked. */
  answer: Members | undefined
  /** Its tools in full, as it wrote them. */
  definitions: readonly Tool[]
  /** By tool: the arguments that its clients repeat as headers. */
  paramHeaders: ReadonlyMap<string, readonly ParamHeader[]>
}

/**
 * Asks for all lists, on however many pages.
 *
 * @param result the child's answer to `initialize`, which came `startMs` after its process was started
 * @param timeoutMs for each answer
 * @throws BridgeError `child_exited`, `child_timeout`, …
 */
export async function describeChild(
  client: ChildClient,
  result: Members,
  startMs: number,
  timeoutMs: number,
): Promise<ChildDescription> {
  const capabilities = Object.keys(recordOf(result['capabilities']))
  // A list that fails is that tool's affair with its clients; one that is gone is ours.
  const list = async (kind: string) => {
    if (!capabilities.includes(kind)) return []
    const items = await client.list(kind, timeoutMs).catch((error: unknown) => {
      if (error instanceof BridgeError && error.code === 'child_not_mcp') return []
      throw error
    })
    return items.map(recordOf)
  }
  const tools = await list('tools')
  const info = recordOf(result['serverInfo'])
  return {
    name: textOf(info['name'], 'unnamed'),
    version: textOf(info['version'], '?'),
    protocolVersion: textOf(result['protocolVersion'], '?'),
    instructions: typeof result['instructions'] === 'string' ? result['instructions'] : undefined,
    capabilities,
    canSubscribe: recordOf(recordOf(result['capabilities'])['resources'])['subscribe'] === true,
    tools: tools.map(shortened),
    resources: (await list('resources')).map(shortened),
    prompts: (await list('prompts')).map(shortened),
    answer: result,
    definitions: tools.filter(isTool),
    paramHeaders: paramHeadersOf(tools),
    startMs,
  }
}

function shortened({ name, description }: Members): { name: string; description: string } {
  return { name: textOf(name, '?'), description: textOf(description, '') }
}
