// connect/mirror: the headers in which a modern request says again what its body says.
import { recordOf } from '../rpc/content.ts'
import type { Message } from '../rpc/message.ts'
import { ModernRequest } from '../rpc/modern-request.ts'
import { argumentAt, type ParamHeader } from '../rpc/param-headers.ts'
import { NAMED } from '../transport/mirror-headers.ts'

/**
 * @param paramHeaders what the tool that is called declares
 * @throws BridgeError `envelope_invalid`
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
 */
export function mirrorHeaders(
  message: Message,
  paramHeaders: (tool: unknown) => readonly ParamHeader[],
): Record<string, string> {
  const { method } = message
  const request = new ModernRequest(message)
  const member = NAMED[method]
  const name = member === undefined ? undefined : member === 'name' ? request.name : request.params[member]
  const headers: Record<string, string> = {
    'mcp-protocol-version': request.sender.revision,
    'mcp-method': written(method),
    ...(typeof name === 'string' && { 'mcp-name': written(name) }),
  }
  if (method !== 'tools/call') return headers
  for (const { header, path } of paramHeaders(name)) {
    const value = argumentAt(recordOf(request.params['arguments']), path)
    if (value !== undefined)
      headers[header] = written(typeof value === 'string' ? value : JSON.stringify(value))
  }
  return headers
}

/** What is no plain ASCII goes as `=?base64?…?=`, and so does what looks like that. */
function written(text: string): string {
  const isPlain = /^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/.test(text) && !text.startsWith('=?')
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`
}
