// transport/mirror-headers: what a modern request says in its headers must be what its body says.
import type { IncomingHttpHeaders } from 'node:http'
import { BridgeError } from '../errors.ts'
import { headerText } from '../encoding.ts'
import { recordOf } from '../rpc/content.ts'
import type { ModernRequest } from '../rpc/modern-request.ts'
import { argumentAt, isDoubted, type ParamHeader } from '../rpc/param-headers.ts'
import { isLegacyRevision, MODERN_REVISION } from '../rpc/revisions.ts'
import { excerpt } from '../visible.ts'

/** As Node names it, and as it is written. */
interface Header {
  key: string
  name: string
}

const REVISION: Header = { key: 'mcp-protocol-version', name: 'MCP-Protocol-Version' }
const METHOD: Header = { key: 'mcp-method', name: 'Mcp-Method' }
const NAME: Header = { key: 'mcp-name', name: 'Mcp-Name' }

/** Which member of `params` the header `Mcp-Name` repeats. */
export const NAMED: Readonly<Record<string, string>> = {
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
  method: string,
  request: ModernRequest,
  paramHeaders: readonly ParamHeader[],
  areNeeded: boolean,
): void {
  const { revision } = request.sender
  const said = headerOf(headers, REVISION)
  if (areNeeded || (said !== undefined && !isLegacyRevision(said))) compare(said, REVISION, revision)
  if (revision !== MODERN_REVISION) return
  const same = (header: Header, value: unknown) => {
    const text = headerOf(headers, header)
    if (areNeeded || text !== undefined) compare(text, header, value)
  }
  same(METHOD, method)
  const member = NAMED[method]
  const name = member === undefined ? undefined : member === 'name' ? request.name : request.params[member]
  if (typeof name === 'string') same(NAME, name)
  if (method !== 'tools/call') return
  for (const { header, path } of paramHeaders) {
    const args = recordOf(request.params['arguments'])
    if (isDoubted(args, path)) throw mismatch(`${path.join('.')} is there in another spelling too`)
    const value = argumentAt(args, path)
    if (value !== undefined) same({ key: header, name: header }, value)
  }
}

function headerOf(headers: IncomingHttpHeaders, { key }: Header): string | undefined {
  const given = headers[key]
  return Array.isArray(given) ? given.join(', ') : given
}

function compare(text: string | undefined, { name }: Header, value: unknown): void {
  if (typeof value === 'string' && text === value && !value.startsWith('=')) return
  if (text === undefined) throw mismatch(`the header ${name} is missing`)
  if (!isSame(decoded(text, name), value))
    throw mismatch(`the header ${name} says ${excerpt(text)}, the body does not`)
}

function isSame(text: string, value: unknown): boolean {
  // An integer may be written in several ways: 42 and 42.0.
  if (typeof value === 'number') return NUMBER.test(text) && Number(text) === value
  if (typeof value === 'object' && value !== null) return sameNumber(text, JSON.stringify(value))
  return text === String(value)
}

/** In the base of ten: not all that route by it read `0x2a`. */
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

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
  if (base64 === undefined) return name === REVISION.name ? repeatedOnce(text) : headerText(text)
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
