// port: one that nothing listens on.
import { createServer, type AddressInfo } from 'node:net'

/** Free when it was asked for; who starts on it soon finds it so. */
export async function freePort(address: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
