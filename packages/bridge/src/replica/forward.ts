// replica/forward: one request to another replica, and its answer back; both streamed, nothing is kept.
import {
  request,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { BridgeError } from '../errors.ts'
import { dropBody } from '../http/refuse.ts'
import type { Encoded } from '../rpc/message.ts'
import { lengthOf, writeTo } from '../rpc/write.ts'
import { endToEnd } from './headers.ts'
import type { Peer } from './peers.ts'
import { HOP_HEADER } from './seal.ts'

export interface Forward {
  req: IncomingMessage
  res: ServerResponse
  /** Where the body has been read already. */
  body: Encoded | undefined
  /** It is for whoever takes it, not for a session. */
  isNew: boolean
  peer: Peer
  url: string
  /** What the other replica is told by `HOP_HEADER`. */
  hop: string
  /** Of the machine that this one has the request from. */
  address: string
  agent: Agent
  waits: HopWaits
  /** Nothing of the request has been sent: it may be answered otherwise. */
  unreached(): void
  /** It was answered with 503: nothing has been done of it, and its answer is dropped. Without this it is passed back. */
  declined?: (() => void) | undefined
  /** It may have been carried out, and no answer has begun. */
  failed(error: BridgeError): void
}

export interface HopWaits {
  /** For a connection. */
  connectMs: number
  /** For the head of the answer; 0: no limit. */
  headMs: number
  /** Between two bytes of an event stream, in which the other replica writes a comment every 15 s. */
  silentMs: number
}

/** The end of either side ends the other. */
export function forward(it: Forward): void {
  const { req, res, peer, waits } = it
  let isSent = false
  let isOver = false
  const out = request({
    agent: it.agent,
    host: peer.host,
    port: peer.port,
    method: req.method,
    path: it.url,
    headers: headersOf(it),
  })
  let timer: NodeJS.Timeout | undefined
  /** What has come by then counts: where this process was held up itself, timers are the first to run. */
  const wait = (ms: number) => {
    clearTimeout(timer)
    if (ms === 0) return (timer = undefined)
    const own = setTimeout(() => setImmediate(() => timer === own && fail('replica_silent')), ms)
    return (timer = own)
  }
  /** Once: whatever happens to either side afterwards is a consequence. */
  const end = (): boolean => {
    if (isOver) return false
    isOver = true
    clearTimeout(timer)
    res.off('close', gone)
    return true
  }
  const fail = (code: 'replica_lost' | 'replica_silent', cause?: unknown) => {
    if (!end()) return
    out.destroy()
    if (!isSent) return it.unreached()
    req.unpipe(out)
    const what = code === 'replica_lost' ? 'is gone' : 'does not answer'
    it.failed(new BridgeError(code, `the replica ${peer.name} has the request and ${what}`, { cause }))
  }
  const lost = (cause: unknown) => fail('replica_lost', cause)
  const gone = () => {
    if (end()) out.destroy()
  }
  const begin = () => {
    if (isOver) return
    isSent = true
    wait(waits.headMs)
    // However slowly a client sends: as long as the other replica reads it, that is not silent.
    writeBody(it, out, () => isOver || wait(waits.headMs))
  }
  wait(waits.connectMs)
  res.on('close', gone)
  out.on('socket', (socket) => {
    if (socket.connecting) socket.once('connect', begin)
    else begin()
  })
  out.on('error', lost)
  out.on('response', (answer) => {
    if (!end()) return
    if (answer.statusCode !== 503 || it.declined === undefined) return passBack(answer, it, out)
    answer.resume()
    answer.on('error', ignore)
    out.off('error', lost).on('error', ignore)
    it.declined()
  })
}

/** What follows tells. */
function ignore(): void {}

function headersOf({ req, body, hop, address, isNew }: Forward): OutgoingHttpHeaders {
  const headers = endToEnd(req.headers)
  // Node has answered it already.
  delete headers['expect']
  // Only what has a body is framed as having one.
  if (req.method !== 'POST') delete headers['content-length']
  // The session that it names has ended, or it names none.
  if (isNew) delete headers['mcp-session-id']
  if (body !== undefined) headers['content-length'] = lengthOf(body)
  const before = req.headers['x-forwarded-for']
  headers['x-forwarded-for'] = before === undefined ? address : `${String(before)}, ${address}`
  headers[HOP_HEADER] = hop
  return headers
}

function writeBody({ req, body }: Forward, out: ClientRequest, onData: () => void): void {
  if (body !== undefined) {
    writeTo(out, body)
    out.end()
  } else if (req.method === 'POST') req.on('data', onData).pipe(out)
  else out.end()
}

function passBack(answer: IncomingMessage, { req, res, body, waits }: Forward, out: ClientRequest): void {
  if (req.method === 'POST' && body === undefined && !req.readableEnded) {
    // It was refused before all of it was there, and its client may write the rest before it reads why.
    req.unpipe(out)
    dropBody(req, res)
  }
  res.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
  if (answer.headers['content-type']?.startsWith('text/event-stream') === true) {
    res.flushHeaders()
    answer.setTimeout(waits.silentMs, () => answer.destroy())
  }
  answer.pipe(res)
  // What has begun and is not whole is cut, so that its reader sees that it is not.
  answer.on('close', () => {
    if (!answer.complete) res.destroy()
  })
  answer.on('error', ignore)
  res.on('close', () => out.destroy())
}
