// audit/lines: what happens in a bridge, each as one line of JSON, without what was asked and answered.
import type {
  CallEvent,
  ChildEvent,
  ConfigurationEvent,
  RefusedEvent,
  SessionEvent,
  ToolChangeEvent,
} from '../telemetry/events.ts'
import { excerpt, visibleJson } from '../visible.ts'

type Value = string | number | boolean | undefined | object

/** @param server its name; empty for the only one */
export function callLine(event: CallEvent, server: string): string {
  const { method, target, errorCode, trace } = event
  const kind = KINDS.get(method)
  return (
    `${head('call', server)}${who(event)},"method":${quoted(method)}` +
    (kind === undefined || target === undefined ? '' : `,"${kind}":${quoted(target)}`) +
    `,"outcome":"${outcomeOf(event)}"` +
    // Hex digits: nothing else is a trace.
    (trace === undefined ? '' : `,"traceId":"${trace.traceId}"`) +
    // JSON has no infinity.
    (errorCode !== undefined && Number.isFinite(errorCode) ? `,"errorCode":${errorCode}` : '') +
    (event.arguments === undefined ? '' : `,"arguments":${visibleJson(event.arguments)}`) +
    `,"durationMs":${event.durationMs},"requestBytes":${event.requestBytes},"responseBytes":${event.responseBytes}}\n`
  )
}

/** What a method is about, where that is a name. The address of a resource is an argument. */
const KINDS = new Map([
  ['tools/call', 'tool'],
  ['prompts/get', 'prompt'],
])

function outcomeOf({ outcome, isToolError }: CallEvent): string {
  if (isToolError) return 'tool_error'
  return outcome === 'dropped' || outcome === 'request_cancelled' ? 'cancelled' : outcome
}

export function sessionLine(event: SessionEvent, server: string): string {
  const { type, wasOpen, revision, client, childPid, durationMs, code, reason } = event
  const name = type === 'opened' || wasOpen ? type : 'failed'
  const rest = { clientVersion: client?.version, revision, childPid, durationMs, reason: code ?? reason }
  return `${head(`session.${name}`, server)}${who(event)}${membersOf(rest)}}\n`
}

export function childLine(event: ChildEvent, server: string): string {
  const { type, pid: childPid, exitCode, signal, step, durationMs } = event
  return `${head(`child.${type}`, server)}${membersOf({ childPid, exitCode, signal, step, durationMs })}}\n`
}

export function toolLine({ type, tool, hash, isRefused }: ToolChangeEvent, server: string): string {
  return `${head(`tool.${type}`, server)}${membersOf({ tool, hash, isRefused })}}\n`
}

/** @param isOurs whether this path is one of the bridge's: another may be anything, a token too */
export function refusedLine(
  { code, method: httpMethod, path, address }: RefusedEvent,
  isOurs: (path: string) => boolean,
): string {
  return line('refused', { code, httpMethod, path: isOurs(path) ? path : undefined, address })
}

export function configurationLine({ type, servers, clients, code }: ConfigurationEvent): string {
  return line(`configuration.${type}`, { servers, clients, code })
}

/** Of the bridge itself, and of these lines. */
export function line(event: string, members: Readonly<Record<string, Value>>): string {
  return `${head(event, '')}${membersOf(members)}}\n`
}

function head(event: string, server: string): string {
  return `{"time":"${now()}","event":"${event}"${server === '' ? '' : `,"server":${quoted(server)}`}`
}

function who({ principal, sessionId, client, wire }: CallEvent | SessionEvent): string {
  const name = client === undefined ? '' : `,"client":${quoted(client.name)}`
  return `,"principal":${quoted(principal)},"sessionId":${quoted(sessionId)}${name},"wire":"${wire}"`
}

function membersOf(members: Readonly<Record<string, Value>>): string {
  return Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `,"${key}":${typeof value === 'string' ? quoted(value) : jsonOf(value)}`)
    .join('')
}

function jsonOf(value: Value): string {
  return visibleJson(JSON.stringify(value))
}

/** Of a text that others choose: no longer than a line needs, and with nothing in it that is more than a character. */
function quoted(text: string): string {
  if (text.length > MAX_KNOWN_LENGTH) return JSON.stringify(excerpt(text))
  const before = known.get(text)
  if (before !== undefined) return before
  const json = JSON.stringify(excerpt(text))
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(text, json)
  return json
}

/** The same few names come again and again. */
const known = new Map<string, string>()
const MAX_KNOWN = 1000
const MAX_KNOWN_LENGTH = 100

/** To the millisecond; written anew only where the second is another. */
function now(): string {
  const ms = new Date().getTime()
  const ofSecond = ms % 1000
  if (ms - ofSecond !== second) {
    second = ms - ofSecond
    secondText = new Date(second).toISOString().slice(0, -'000Z'.length)
  }
  return `${secondText}${String(ofSecond).padStart(3, '0')}Z`
}

let second = -1
let secondText = ''
