// replicas: several bridges that know each other, each a process of its own.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, StreamableClient, tempDir, type RunningBridge } from '@mcp-bridge/testkit'
import { freePort } from '../../e2e/port.ts'
import { bridged } from '../bridges.ts'

export interface ReplicasOptions {
  names?: readonly string[]
  args?: readonly string[]
  command?: readonly string[]
  /** Of one of them alone. */
  own?: Readonly<Record<string, readonly string[]>>
}

export interface Replicas {
  all: RunningBridge[]
  ports: number[]
  /** Starts the one at this place again, or for the first time. */
  start(index: number): Promise<RunningBridge>
}

export function keyFile(): string {
  const path = join(tempDir(), 'replica.key')
  writeFileSync(path, `${randomBytes(32).toString('base64')}\n`)
  return path
}

/** They share a process each, unless `args` say otherwise: that starts sooner. */
export async function replicas({
  names = ['r1', 'r2'],
  args = ['--children', 'shared'],
  command = fixture('echo'),
  own = {},
}: ReplicasOptions = {}): Promise<Replicas> {
  const ports = await Promise.all(names.map(() => freePort('127.0.0.1')))
  const key = keyFile()
  const where = names.map((name, i) => `${name}=http://127.0.0.1:${ports[i]}`).join(',')
  const all: RunningBridge[] = []
  const start = async (i: number): Promise<RunningBridge> => {
    const name = names[i] ?? ''
    const how = ['--replica', name, '--replicas', where, '--replica-key-file', key]
    const port = ['--port', String(ports[i])]
    return (all[i] = await bridged([...port, ...how, ...args, ...(own[name] ?? []), '--', ...command]))
  }
  await Promise.all(names.map((_, i) => start(i)))
  return { all, ports, start }
}

/** The same client, whose next requests go to another replica. */
export function at(
  port: number,
  { sessionId, protocolVersion }: StreamableClient,
  headers = {},
): StreamableClient {
  const client = new StreamableClient({ port, headers })
  client.sessionId = sessionId
  client.protocolVersion = protocolVersion
  return client
}
