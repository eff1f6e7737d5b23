// connect/link: what a broken connection says of the request that it carried.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Link } from './link.ts'

test('a host that cannot be reached any more may have heard of the request', async () => {
  const sockets: Socket[] = []
  const note = (message: unknown) => void sockets.push((message as { socket: Socket }).socket)
  subscribe('net.client.socket', note)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = new URL(`http://127.0.0.1:${port}/`)
  const link = new Link({ headers: {}, tokenFile: undefined, caFile: undefined, proxy: undefined })
  // As Linux does, some minutes after the route has gone.
  server.on('request', () =>
    sockets[0]?.destroy(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' })),
  )
  await expect(link.open(url, { method: 'GET', headers: {} })).rejects.toMatchObject({ isUnsent: false })
  unsubscribe('net.client.socket', note)
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  await expect(link.open(url, { method: 'GET', headers: {} })).rejects.toMatchObject({ isUnsent: true })
  link.close()
})
