// tools/access: who may use a tool that has just come, and what it can reach: for whoever added it.
import { openTools, type NamedTool } from '../compose-config.ts'
import type { Folder } from '../folder.ts'
import type { Gateway } from '../gateway.ts'
import { filterOf } from '../people/bridge-config.ts'
import { GATEWAY } from '../../render/names.ts'

export async function accessTo(
  tool: NamedTool,
  compose: string,
  { folder, gateway }: { folder: Folder; gateway: Pick<Gateway, 'restTools'> },
): Promise<string> {
  const { service, alias } = tool
  const listed = (await gateway.restTools()).filter((name) => name.startsWith(`${alias}-`)).length
  const file = `people/${service}/bridge.yaml`
  const isFiltered = filterOf(folder.read('people', service, 'bridge.yaml'), GATEWAY).length > 0
  const who = isFiltered
    ? `Everybody with a key may use ${listed} of its tools: ${file} names them below "gateway".`
    : `Everybody with a key may use all its ${listed} tools: ${file} shortens that, below "gateway".`
  const isOpen = openTools(compose, [tool]).length > 0
  const where = isOpen
    ? 'It has a way out to the Internet, through egress; private addresses are refused.'
    : 'It has no way out to the Internet.'
  return `${who}\n${where}`
}
