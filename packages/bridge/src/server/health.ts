// server/health: /healthz and /readyz: the process lives; a child can be started and initialised.
import type { ServerResponse } from 'node:http'
import type { Details } from '../access/details.ts'
import type { Readiness } from '../tool/startup-probe.ts'

/** The process answers: always 200. */
export function healthz(res: ServerResponse): void {
  send(res, 200, { status: 'ok' })
}

/** `degraded`: of several servers some cannot serve, and others can; or tools of one are not as they were accepted. */
export interface Health {
  status: 'ready' | 'degraded' | Readiness['status']
  reason?: string
  /** Why which of several servers cannot serve, or not all that it has. */
  servers?: Readonly<Record<string, string>>
}

/** It serves, and somebody should look at it. */
export interface Concern {
  status: 'degraded'
  reason: string
}

/** 200 while a session can be opened, else 503. */
export function readyz(res: ServerResponse, health: Health): void {
  const isReady = health.status === 'ready' || health.status === 'degraded'
  send(res, isReady ? 200 : 503, health)
}

/** The state is for everybody. Of a tool that stands alone whoever has a token may know all. */
export function seenBy(details: Details, health: Readiness | Concern | { status: 'ready' }): Health {
  return details === 'none' ? { status: health.status } : health
}

/** @param reason what goes wrong beside it, if anything does */
export function degradedBy(reason: string | undefined, health: Health, details: Details): Health {
  if (reason === undefined || (health.status !== 'ready' && health.status !== 'degraded')) return health
  return { ...health, status: 'degraded', ...(details !== 'none' && { reason }) }
}

function send(res: ServerResponse, status: number, value: object): void {
  const body = `${JSON.stringify(value)}\n`
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  })
  res.end(body)
}
