// hop: two replicas in one process, whose CPU is that of both: what a call costs that reaches the wrong one first.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBridge } from '../../bridge/dist/index.js'

const [port = '', child = ''] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-hop-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const replicaKeyFile = join(folder, 'key')
writeFileSync(replicaKeyFile, randomBytes(32).toString('base64'))

const other = await freePort()
const replicas = { r1: `http://127.0.0.1:${port}`, r2: `http://127.0.0.1:${other}` }
const bridges = [
  ['r1', Number(port)],
  ['r2', other],
].map(([replica, at]) =>
  createBridge({
    replica: String(replica),
    replicas,
    replicaKeyFile,
    port: Number(at),
    children: 'shared',
    maxSessions: 2000,
    command: [process.execPath, child],
  }),
)
await Promise.all(bridges.map((bridge) => bridge.listen()))
process.on('SIGTERM', () => {
  void Promise.all(bridges.map((bridge) => bridge.close({ drainMs: 0 }))).then(() => process.exit(0))
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: free } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return free
}
