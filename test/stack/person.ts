// stack/person: somebody whom `./add-user` has let in, with the key and the tokens of the settings that it prints.
import { eventually } from '@mcp-bridge/testkit'
import type { Gateway } from '@mcp-bridge/toolkit/stack'
import { expect } from 'vitest'
import { gateway, PATIENCE_MS, place, sh } from './stack.ts'

export interface Person {
  gateway: Gateway
  headers: Record<string, string>
}

/** As the settings for VS Code say, once the bridges know the tokens. */
export async function added(...words: string[]): Promise<Person> {
  const settings = await sh(['./add-user', ...words])
  const json = /## VS Code[^\n]*\n\n```json\n([^]*?)```/.exec(settings)?.[1] ?? ''
  const { url, headers } = (
    JSON.parse(json) as { servers: { lan: { url: string; headers: Record<string, string> } } }
  ).servers.lan
  expect(url).toBe(`http://${place.name}:${place.port}/mcp/`)
  const { Authorization = '', ...tokens } = headers
  const person = { gateway: gateway(Authorization.replace('Bearer ', '')), headers: tokens }
  await eventually(async () => (await names(person)).length > 0, {
    what: `the bridges to know ${words.join(' ')}`,
    withinMs: PATIENCE_MS,
  })
  return person
}

/** Tools of memory as this person sees them. */
export async function names({ gateway, headers }: Person): Promise<string[]> {
  const all = await gateway.tools(headers)
  return all.flatMap((name) => (name.startsWith('memory-') ? [name.slice('memory-'.length)] : []))
}
