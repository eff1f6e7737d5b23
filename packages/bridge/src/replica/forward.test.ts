// What is late, and what only seems so; the bridges themselves are in test/integration/replicas.
import { once } from 'node:events'
import { Agent, createServer, request, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { forward, type Forward } from './forward.ts'

const agent = new Agent({ keepAlive: true })
const closers: (() => void)[] = [() => agent.destroy()]
afterAll(() => closers.forEach((close) => close()))

async function listening(handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  closers.push(() => server.close().closeAllConnections())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Passes each request on; says 404 where nothing was sent, and 504 where no answer came. */
async function hopping(to: number, waits: Partial<Forward['waits']>, then: () => void = () => {}) {
  return listening((req, res) => {
    forward({
      req,
      res,
      agent,
      body: undefined,
      isNew: false,
      peer: { name: 'r2', host: '127.0.0.1', port: String(to) },
      url: '/',
      hop: 'sealed',
      address: '127.0.0.1',
      waits: { connectMs: 1000, headMs: 1000, silentMs: 1000, ...waits },
      unreached: () => res.writeHead(404).end(),
      failed: ({ row }) => res.writeHead(row.http).end(),
    })
    then()
  })
}

async function posted(port: number, parts: readonly string[], everyMs: number): Promise<number | undefined> {
  const out = request({ port, host: '127.0.0.1', method: 'POST' })
  const answer = once(out, 'response')
  for (const part of parts) {
    out.write(part)
    await sleep(everyMs)
  }
  out.end()
  const [{ statusCode }] = await answer
  return statusCode
}

const reading: RequestListener = (req, res) => void req.resume().on('end', () => res.end())

const busy = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)

test('where this process was held up itself, the other replica is not taken for dead', async () => {
  const other = await listening(reading)
  const port = await hopping(other, { connectMs: 200 }, busy)
  expect(await posted(port, ['x'], 0)).toBe(200)
})

test('a client that sends slowly is not cut while the other replica reads', async () => {
  const port = await hopping(await listening(reading), { headMs: 600 })
  expect(await posted(port, ['a', 'b', 'c', 'd', 'e'], 300)).toBe(200)
})

test('one that takes a request and does not answer is given up', async () => {
  const port = await hopping(await listening(() => {}), { headMs: 200 })
  expect(await posted(port, ['x'], 0)).toBe(504)
})
