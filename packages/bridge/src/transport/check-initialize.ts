// transport/check-initialize: whether an `initialize` is worth a process: what no server would answer is refused at once.
import { BridgeError } from '../errors.ts'
import { visible } from '../visible.ts'
import { recordOf } from '../rpc/content.ts'
import type { Message } from '../rpc/message.ts'

const MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params'])

/**
 * Servers of the TypeScript SDK drop a request that their schema of JSON-RPC does not know, and answer nothing: a process
 * would wait for its client, and the client for an answer, until `--start-timeout`. What is only left out is the child's
 * to judge.
 *
 * @throws BridgeError `request_invalid`
 */
export function checkInitialize(message: Message): void {
  const whole = recordOf(message.json())
  const unknown = Object.keys(whole).find((name) => !MEMBERS.has(name))
  if (unknown !== undefined)
    refuse(`initialize has a member that JSON-RPC does not know: ${visible(unknown.slice(0, 64))}`)
  if (!isRecord(whole['params'])) refuse('the params of initialize are no object')
  const { protocolVersion, capabilities, clientInfo, _meta: meta } = recordOf(whole['params'])
  if (!isAbsentOr(isText, protocolVersion)) refuse('params.protocolVersion is no string')
  if (!isAbsentOr(isRecord, capabilities)) refuse('params.capabilities is no object')
  if (!isAbsentOr(isRecord, clientInfo)) refuse('params.clientInfo is no object')
  if (!isAbsentOr(isText, recordOf(clientInfo)['name'])) refuse('params.clientInfo.name is no string')
  if (!isAbsentOr(isRecord, meta)) refuse('params._meta is no object')
  if (!isAbsentOr(isToken, recordOf(meta)['progressToken'])) refuse('params._meta.progressToken is no id')
}

function refuse(problem: string): never {
  throw new BridgeError('request_invalid', problem)
}

function isAbsentOr(is: (value: unknown) => boolean, value: unknown): boolean {
  // Some serialisers write every field.
  return value === undefined || value === null || is(value)
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isToken(value: unknown): boolean {
  return isText(value) || Number.isInteger(value)
}
