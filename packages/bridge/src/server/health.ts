// server/health: /healthz and /readyz: the process lives; a child can be started and initialised.
import type { ServerResponse } from 'node:http'
import type { Readiness } from '../tool/startup-probe.ts'

/** The process answers: always 200. */
export function healthz(res: ServerResponse): void {
  send(res, 200, { status: 'ok' })
}

/** 200 while a session can be opened, else 503, with the reason for whoever may see it. */
export function readyz(res: ServerResponse, problem: Readiness | undefined, canSeeDetails: boolean): void {
  if (problem === undefined) return send(res, 200, { status: 'ready' })
  send(res, 503, canSeeDetails ? problem : { status: problem.status })
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
