import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Budget, UNCHARGED } from '../budget/budget.ts'
import { readBytes } from './body.ts'

test('a body that comes byte by byte is joined', async () => {
  const text = 'x€'.repeat(20_000)
  const { promise, resolve, reject } = Promise.withResolvers<Buffer[]>()
  const server = createServer((req, res) => {
    readBytes(req, 1_000_000, UNCHARGED.bytes, resolve, reject)
    req.on('end', () => res.end())
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', reject)
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
  for (const byte of Buffer.from(text)) socket.write(Buffer.from([0x31, 13, 10, byte, 13, 10]))
  socket.write('0\r\n\r\n')
  const chunks = await promise
  expect(Buffer.concat(chunks).toString()).toBe(text)
  expect(chunks.length).toBeLessThan(50)
  socket.destroy()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

test('once memory is short a large body that is on its way is read to its end, and none is begun', async () => {
  const budget = new Budget({ sessions: 1, children: 1, waiting: 1, bytes: 1_000_000 }, false)
  const outcomes: string[] = []
  const server = createServer((req, res) => {
    const end = (outcome: string) => {
      outcomes.push(outcome)
      res.end()
    }
    readBytes(
      req,
      1_000_000,
      budget.account('').bytes,
      (chunks) => end(`${Buffer.concat(chunks).length}`),
      ({ code }) => end(code),
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const post = async (parts: readonly number[], between: () => Promise<void> = () => Promise.resolve()) => {
    const bytes = parts.reduce((sum, part) => sum + part, 0)
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const answered = once(socket, 'data')
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n`)
    for (const [i, part] of parts.entries()) {
      if (i > 0) await between()
      socket.write(Buffer.alloc(part, 0x20))
    }
    await answered
    socket.destroy()
  }
  await post([100_000, 100_000], async () => {
    await expect.poll(() => budget.bytes.used).toBeGreaterThan(100_000)
    budget.bytes.isTight = true
  })
  await post([60_000])
  await post([100_000])
  expect(outcomes).toEqual(['200000', '60000', 'memory_limit_reached'])
  expect(budget.bytes.used).toBe(0)
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})
