// transport/mirror-headers: what a modern request says in its headers must be what its body says.
import type { IncomingHttpHeaders } from 'node:http'
import { BridgeError } from '../errors.ts'
import { headerText } from '../encoding.ts'
import { recordOf, type Members } from '../rpc/content.ts'
import { argumentAt, type ParamHeader } from '../rpc/param-headers.ts'
import { isLegacyRevision, MODERN_REVISION } from '../rpc/revisions.ts'
import { excerpt } from '../visible.ts'

/** Which member of `params` the header `Mcp-Name` repeats. */
const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

/**
 * Intermediaries route by headers, and tools act by the body: who makes them differ could pass the one and mean the other.
 *
 * @param paramHeaders what the tool that is called declares
 * @param areNeeded false: one that is missing is no matter, nor is a revision of before; one that says something else is
 * @throws BridgeError `header_mismatch`, `revision_unsupported`
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
 */
export function checkHeaders(
  headers: IncomingHttpHeaders,
  { method, revision, params }: { method: string; revision: string; params: Members },
  paramHeaders: readonly ParamHeader[],
  areNeeded: boolean,
): void {
  const same = (name: string, value: unknown) => {
    if (areNeeded || headers[name.toLowerCase()] !== undefined) compare(headers, name, value)
  }
  if (areNeeded || !isLegacyRevision(headerOf(headers, 'MCP-Protocol-Version')))
    same('MCP-Protocol-Version', revision)
  if (revision !== MODERN_REVISION) return
  same('Mcp-Method', method)
  const member = NAMED[method]
  const name = member === undefined ? undefined : params[member]
  if (typeof name === 'string') same('Mcp-Name', name)
  if (method !== 'tools/call') return
  for (const { header, path } of paramHeaders) {
    const value = argumentAt(recordOf(params['arguments']), path)
    if (value !== undefined) same(header, value)
  }
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const given = headers[name.toLowerCase()]
  return Array.isArray(given) ? given.join(', ') : given
}

function compare(headers: IncomingHttpHeaders, name: string, value: unknown): void {
  const text = headerOf(headers, name)
  if (typeof value === 'string' && text === value && !value.startsWith('=')) return
  if (text === undefined) throw mismatch(`the header ${name} is missing`)
  if (!isSame(decoded(text, name), value))
    throw mismatch(`the header ${name} says ${excerpt(text)}, the body does not`)
}

function isSame(text: string, value: unknown): boolean {
  // An integer may be written in several ways: 42 and 42.0.
  if (typeof value === 'number') return text.trim() !== '' && Number(text) === value
  if (typeof value === 'object' && value !== null) return sameNumber(text, JSON.stringify(value))
  return text === String(value)
}

/** One that JavaScript cannot hold, as it came. */
function sameNumber(text: string, literal: string): boolean {
  return (
    text === literal ||
    (/^-?\d+(\.0+)?$/.test(text) && text.replace(/\.0+$/, '') === literal.replace(/\.0+$/, ''))
  )
}

const SENTINEL = /^=\?base64\?(.*)\?=$/s

/** What is no plain ASCII comes as `=?base64?…?=`. */
function decoded(text: string, name: string): string {
  const [, base64] = SENTINEL.exec(text) ?? []
  if (base64 === undefined) return name === 'MCP-Protocol-Version' ? repeatedOnce(text) : headerText(text)
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.toString('base64') !== base64) throw mismatch(`the header ${name} holds no Base64`)
  return bytes.toString('utf8')
}

/** Some clients send this header twice; Node joins them. */
function repeatedOnce(text: string): string {
  const [first = '', ...rest] = text.split(',').map((part) => part.trim())
  return rest.every((part) => part === first) ? first : text
}

function mismatch(problem: string): BridgeError {
  return new BridgeError('header_mismatch', problem)
}
