// wire/stateless: revision 2026-07-28: a POST for each request, which says of itself what a session would know.
import { answerOf, exchange } from './streamable.ts'
import { nextId, type Session, type Target } from './wire.ts'

const PREFIX = 'io.modelcontextprotocol/'
const REVISION = '2026-07-28'
let lastClient = 0

/** Each is another client: to a bridge in front of an older child it is what a session is. */
export async function openStateless(target: Target): Promise<Session> {
  const meta = {
    [`${PREFIX}protocolVersion`]: REVISION,
    [`${PREFIX}clientInfo`]: { name: `bench-${++lastClient}`, version: '1.0.0' },
    [`${PREFIX}clientCapabilities`]: {},
  }
  return {
    async request(method, params) {
      const { _meta: own, name } = params as { _meta?: object; name?: string }
      const said = { ...params, _meta: { ...meta, ...own } }
      const body = JSON.stringify({ jsonrpc: '2.0', id: nextId(), method, params: said })
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': REVISION,
        'mcp-method': method,
        ...(name === undefined ? {} : { 'mcp-name': name }),
        'content-length': Buffer.byteLength(body),
      }
      return answerOf(await exchange(target, 'POST', headers, body))
    },
    async notify() {},
    async close() {},
  }
}
