// port: one that nothing listens on.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below what Linux, macOS and Windows give to whoever asks for any port: those go to other tests before this one is listened on. */
const [LOWEST, ABOVE] = [20_000, 32_000]

/** Free when it was asked for; who starts on it soon finds it so. */
export async function freePort(address: string): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, ABOVE)
    if (await isFree(port, address)) return port
  }
}

function isFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen(port, address, () => server.close(() => resolve(true)))
  })
}
