// matrix/recorder: what a client posted, and what reached the tool, on the way past.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A message that a client posted. */
export interface Posted {
  method?: string
  params?: { name?: string; inputResponses?: Record<string, unknown> }
  /** What its header said. */
  revision: string | undefined
}

/** Stands between one client and the bridge, and reads what is posted. */
export class Wiretap {
  readonly posted: Posted[] = []
  readonly #server: Server
  readonly #upstream: number

  constructor(upstream: number) {
    this.#upstream = upstream
    this.#server = createServer((req, res) => this.#pass(req, res))
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #pass(req: IncomingMessage, res: ServerResponse): void {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const body = Buffer.concat(chunks)
      const revision = req.headers['mcp-protocol-version']
      if (req.method === 'POST') this.#record(body.toString(), revision?.toString())
      const { method, url: path } = req
      // No connection is used twice on either side: none can be closed under a request.
      const headers = { ...req.headers, connection: 'close' }
      const options = { port: this.#upstream, host: '127.0.0.1', agent: false, method, path, headers }
      const onward = request(options, (answer) => {
        res.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: 'close' })
        res.flushHeaders()
        answer.pipe(res)
        answer.on('error', () => res.destroy())
      })
      onward.on('error', () => res.destroy())
      // Who leaves, leaves the bridge too: for a client of 2026-07-28 that is how a call is cancelled.
      res.on('close', () => onward.destroy())
      onward.end(body)
    })
  }

  #record(body: string, revision: string | undefined): void {
    const message = JSON.parse(body) as Omit<Posted, 'revision'>
    this.posted.push({ ...message, revision })
  }
}

/** The command, with a copy of all that each of its processes reads: a file for each in the folder. */
export function copied(command: readonly string[], folder: string): string[] {
  return ['sh', '-c', 'tee "$0/$$" | "$@"', folder, ...command]
}

/** Whether a process was asked for the call with these arguments. */
export function hasReached(folder: string, args: unknown): boolean {
  return processesIn(folder).some((messages) => callOf(messages, args) !== undefined)
}

/** Whether a process was told that the call with these arguments is cancelled. */
export function isCancelled(folder: string, args: unknown): boolean {
  return processesIn(folder).some((messages) => {
    const call = callOf(messages, args)
    return messages.some(
      ({ method, params }) =>
        method === 'notifications/cancelled' && params?.requestId === call?.id && call !== undefined,
    )
  })
}

function callOf(messages: readonly Message[], args: unknown): Message | undefined {
  const wanted = JSON.stringify(args)
  return messages.find(({ params }) => JSON.stringify(params?.arguments) === wanted)
}

function processesIn(folder: string): Message[][] {
  return readdirSync(folder).map((name) =>
    readFileSync(join(folder, name), 'utf8').split('\n').flatMap(parsed),
  )
}

interface Message {
  id?: unknown
  method?: string
  params?: { arguments?: unknown; requestId?: unknown }
}

/** Nothing for a line that is still being written. */
function parsed(line: string): Message[] {
  try {
    return [JSON.parse(line) as Message]
  } catch {
    return []
  }
}
