import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { UNCHARGED } from '../budget/budget.ts'
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
