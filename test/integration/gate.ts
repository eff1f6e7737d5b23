// gate: bridges in front of the gated child, and the gates.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, tempDir, type RunningBridge } from '@mcp-bridge/testkit'
import { bridged } from './bridges.ts'

export interface Gated<B = RunningBridge> {
  bridge: B
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
  return gatedBy((child) => bridged([...args, '--', ...child, ...(revision === undefined ? [] : [revision])]))
}

/** The same with whatever bridge is started for the command of the child. */
export async function gatedBy<B>(start: (child: string[]) => Promise<B>): Promise<Gated<B>> {
  const folder = tempDir()
  const record = join(folder, 'received')
  writeFileSync(record, '')
  const bridge = await start([process.execPath, fileURLToPath(new URL('gated.ts', import.meta.url)), record])
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
