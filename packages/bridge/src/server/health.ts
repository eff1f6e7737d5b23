// server/health: /healthz and /readyz: the process lives; a child can be started and initialised.
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Why the bridge cannot serve a new client now, or undefined while it can. */
export type Readiness = () => { status: 'starting' | 'failing' | 'draining'; reason: string } | undefined

export interface HealthOptions {
  readiness: Readiness
  /** Reasons may quote the tool's stderr: only for who could call the tool anyway. */
  canSeeDetails(req: IncomingMessage): boolean
}

/** The process answers: always 200. */
export function healthz(res: ServerResponse): void {
  send(res, 200, { status: 'ok' })
}

/** 200 while a session can be opened, else 503. */
export function readyz(
  req: IncomingMessage,
  res: ServerResponse,
  { readiness, canSeeDetails }: HealthOptions,
): void {
  const problem = readiness()
  if (problem === undefined) return send(res, 200, { status: 'ready' })
  send(res, 503, canSeeDetails(req) ? problem : { status: problem.status })
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
