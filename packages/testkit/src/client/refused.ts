// client/refused: an HTTP answer that carries no answer to the request.
import type { IncomingHttpHeaders } from 'node:http'
import type { RpcResponse } from './rpc.ts'

export interface Refusal {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export class Refused extends Error {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string

  constructor({ status, headers, body }: Refusal) {
    super(`HTTP ${status}: ${body.slice(0, 1000)}`)
    this.status = status
    this.headers = headers
    this.body = body
  }

  /** The JSON-RPC error in the body, if that is what it is. */
  get error(): RpcResponse['error'] {
    try {
      return (JSON.parse(this.body) as RpcResponse).error
    } catch {
      return undefined
    }
  }
}
