// heard: the child that writes what a test gives it, and what it has heard.
import { fileURLToPath } from 'node:url'
import type { Client } from '../clients.ts'

/** Its command. */
export const VERBATIM = [process.execPath, fileURLToPath(new URL('verbatim.ts', import.meta.url))] as const

/** Every line the verbatim child of this client has received, the call that asks included. */
export async function heardBy(client: Client): Promise<string[]> {
  return (await client.call('heard')).result.lines
}
