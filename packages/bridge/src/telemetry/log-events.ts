// telemetry/log-events: the subscriber that writes events into the log.
import {
  CHANNELS,
  listen,
  type ChildEvent,
  type RefusedEvent,
  type SessionEvent,
  type Source,
} from './events.ts'
import type { Logger } from './logger.ts'

/** Logs the events of one bridge until the returned function is called. */
export function logEvents(source: Source, log: Logger): () => void {
  const subscriptions = [
    listen(CHANNELS.session, source, (event: SessionEvent) => logSession(event, log)),
    listen(CHANNELS.child, source, (event: ChildEvent) => logChild(event, log)),
    listen(CHANNELS.refused, source, (event: RefusedEvent) => logRefused(event, log)),
  ]
  return () => {
    for (const unsubscribe of subscriptions) unsubscribe()
  }
}

function logSession(event: SessionEvent, log: Logger): void {
  const { sessionId, wire: binding, principal, revision: protocolVersion, childPid, durationMs } = event
  if (event.type === 'opened')
    log.info({ sessionId, binding, principal, protocolVersion, childPid, durationMs }, 'session opened')
  else
    log[event.wasOpen ? 'info' : 'debug'](
      { sessionId, binding, reason: event.reason, durationMs },
      'session closed',
    )
}

function logChild(
  { type, pid: childPid, exitCode, signal, step, durationMs }: ChildEvent,
  log: Logger,
): void {
  if (type === 'started') log.info({ childPid }, 'child started')
  else if (type === 'exited') log.warn({ childPid, exitCode, signal }, 'child exited')
  else log.info({ childPid, step, durationMs }, 'child stopped')
}

function logRefused({ method, path, code, reason, cause }: RefusedEvent, log: Logger): void {
  const fields = { method, path, code, reason }
  if (code === 'internal') log.error({ ...fields, err: cause }, 'request failed')
  // What a client looks for at any server before it connects: that it is not here is no refusal.
  else log[path.includes('/.well-known/') ? 'debug' : 'info'](fields, 'request refused')
}
