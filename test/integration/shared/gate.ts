// shared/gate: bridges in front of the gated child, and the gates.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, tempDir, type RunningBridge } from '@mcp-bridge/testkit'
import { bridged, type Client } from '../wires/wire.ts'

export interface Gated {
  bridge: RunningBridge
  /** Every message that any of its children has received, in order. */
  heard(): any[]
  /** A closed gate: what is called with it waits for `open`. */
  gate(name: string): string
  open(gate: string): void
  /** Waits until a child has received a message that contains this. */
  until(text: string): Promise<void>
}

/** @param revision what the child answers to whatever revision it is asked for */
export async function gated(args: readonly string[], revision?: string): Promise<Gated> {
  const folder = tempDir()
  const record = join(folder, 'received')
  writeFileSync(record, '')
  const child = [process.execPath, fileURLToPath(new URL('gated.ts', import.meta.url)), record]
  const bridge = await bridged([...args, '--', ...child, ...(revision === undefined ? [] : [revision])])
  const text = (): string => readFileSync(record, 'utf8')
  return {
    bridge,
    heard: () =>
      text()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    gate: (name) => join(folder, name),
    open: (gate) => writeFileSync(gate, ''),
    until: async (what) => {
      await eventually(() => text().includes(what), { what: `the child to receive ${what}` })
    },
  }
}

/** Log messages this client has got. */
export function logsOf({ received }: Client): unknown[] {
  return received.flatMap((each) =>
    'method' in each && each.method === 'notifications/message' ? [each.params?.data] : [],
  )
}
