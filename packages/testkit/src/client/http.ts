// client/http: HTTP as written: no header but those given.
import { request, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { EventStream } from './event-stream.ts'

/** `null` leaves out a header that would be there by default. */
export type Headers = Readonly<Record<string, string | readonly string[] | null>>

export interface Sent {
  port: number
  method?: string
  path?: string
  /** `Host` is `127.0.0.1:port` unless given; `Content-Length` is that of the body. */
  headers?: Headers
  body?: string | Uint8Array
  /** Default: a connection of its own, closed afterwards. */
  agent?: Agent
  signal?: AbortSignal
  host?: string
}

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** `any`: what it is, the test says. */
  json(): any
}

/** Sends a request and reads the whole answer; rejects when the connection ends before it does. */
export async function send(sent: Sent): Promise<Reply> {
  const res = await exchange(sent)
  const chunks: Buffer[] = []
  for await (const chunk of res) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString('utf8')
  return { status: res.statusCode ?? 0, headers: res.headers, body, json: () => JSON.parse(body) as unknown }
}

/** Sends a request (GET by default) and returns as soon as the head of the answer is there. */
export async function openStream(sent: Sent): Promise<EventStream> {
  return new EventStream(await exchange(sent))
}

function exchange({
  port,
  method = 'GET',
  path = '/',
  headers = {},
  body,
  agent,
  signal,
  host,
}: Sent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const req = request({
      host: host ?? '127.0.0.1',
      port,
      method,
      path,
      agent: agent ?? false,
      setHost: !Object.keys(headers).some((name) => name.toLowerCase() === 'host'),
      ...(signal === undefined ? {} : { signal }),
    })
    for (const [name, value] of Object.entries(headers)) if (value !== null) req.setHeader(name, value)
    req.on('error', reject)
    req.on('response', resolve)
    // As bytes: Node writes the headers together with a text, and in its encoding.
    req.end(typeof body === 'string' ? Buffer.from(body) : body)
  })
}
