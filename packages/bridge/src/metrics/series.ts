// metrics/series: the labels of what was counted, by which one series differs from another.
import type { CallSum } from './call-sums.ts'
import type { SessionSum } from './server-metrics.ts'

export type Labels = Record<string, string>

export function callLabels({
  server,
  method,
  tool,
  prompt,
  errorType,
  statusCode,
  bridgeError,
  ...sum
}: CallSum): Labels {
  return {
    mcp_method_name: method,
    ...(tool !== '' && { gen_ai_tool_name: tool, gen_ai_operation_name: 'execute_tool' }),
    ...(prompt !== '' && { gen_ai_prompt_name: prompt }),
    ...(errorType !== '' && { error_type: errorType }),
    ...(statusCode !== '' && { rpc_response_status_code: statusCode }),
    ...(bridgeError !== '' && { code: bridgeError }),
    ...wireLabels(server, sum),
  }
}

export function sessionLabels(server: string, sum: SessionSum): Labels {
  return wireLabels(server, sum)
}

function wireLabels(server: string, { wire, revision }: Pick<CallSum, 'wire' | 'revision'>): Labels {
  return {
    ...(revision !== '' && { mcp_protocol_version: revision }),
    network_transport: 'tcp',
    network_protocol_name: 'http',
    wire,
    ...serverLabel(server),
  }
}

export function serverLabel(server: string): Labels {
  return server === '' ? {} : { server }
}
