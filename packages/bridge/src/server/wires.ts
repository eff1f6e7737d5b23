// server/wires: one tool on each wire, and whether a request belongs to what it has open.
import type { IncomingMessage } from 'node:http'
import type { Config } from '../config/config.ts'
import type { Heartbeat } from '../http/heartbeat.ts'
import { contentOf, recordOf } from '../rpc/content.ts'
import { Message } from '../rpc/message.ts'
import type { Tool } from '../tool/tool.ts'
import { sessionIdIn, SseTransport } from '../transport/sse.ts'
import { StatelessTransport } from '../transport/stateless.ts'
import { sessionIdOf, StreamableHttpTransport } from '../transport/streamable-http.ts'
import type { Wires } from './app.ts'
import { ServerCard } from './server-card.ts'

export interface WiresOptions {
  /** Of one of several; empty where the tool stands alone. */
  name: string
  config: Config
  heartbeat: Heartbeat
  hasTokens: boolean
}

export function wiresOf(tool: Tool, { name, config, heartbeat, hasTokens }: WiresOptions): Wires {
  const { sessions, clients } = tool
  const isForLiteLlm = config.compat.includes('litellm')
  return {
    streamable: new StreamableHttpTransport(sessions, heartbeat, isForLiteLlm),
    stateless: new StatelessTransport({
      clients,
      heartbeat,
      isLenient: isForLiteLlm,
      needsHeaders: !config.compat.includes('claude-ai'),
      era: () => tool.era(),
      discover: () => tool.discover(),
      discovered: (answer) => tool.discovered(answer),
      paramHeaders: (name) => tool.paramHeaders(name),
    }),
    sse: new SseTransport(sessions, heartbeat, config),
    card: new ServerCard({
      name,
      config,
      hasTokens,
      serverInfo: async () => (await tool.discover()).known?.serverInfo,
    }),
  }
}

/** It names a session of this tool, or a call of it that waits for its client. Whether it may is seen there. */
export function belongsTo(
  { sessions, clients }: Tool,
  req: IncomingMessage,
  body: Message | readonly Message[] | undefined,
): boolean {
  const id = sessionIdOf(req) ?? sessionIdIn(req.url ?? '')
  if (id !== undefined) return sessions.knows(id)
  if (!(body instanceof Message) || !body.envelope.isModern) return false
  return clients.awaits(recordOf(recordOf(contentOf(body))['params'])['requestState'])
}
