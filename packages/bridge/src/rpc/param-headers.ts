// rpc/param-headers: which arguments of a tool a client repeats as headers, by the tool's schema.
import { isRecord, recordOf, textOf, type Members } from './content.ts'
import { folded } from './envelope-keys.ts'

/** One argument, and the header that repeats it. */
export interface ParamHeader {
  /** In small letters. */
  header: string
  path: readonly string[]
}

const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]{1,64}$/
/** "on `string`, `integer` or `boolean`" (2026-07-28, basic/transports/streamable-http). */
const TYPES = new Set(['string', 'integer', 'boolean'])
/** Deeper than this nothing is looked for. */
const MAX_DEPTH = 16

/** Those of each tool that declares any. */
export function paramHeadersOf(tools: readonly unknown[]): Map<string, readonly ParamHeader[]> {
  const declared = tools
    .map(recordOf)
    .map(({ name, inputSchema }) => [textOf(name, ''), paramHeadersIn(inputSchema)] as const)
  return new Map(declared.filter(([, headers]) => headers.length > 0))
}

/** Those that `x-mcp-header` declares as it should; none of a schema with one that is wrong: clients drop such a tool. */
function paramHeadersIn(inputSchema: unknown): readonly ParamHeader[] {
  const found: ParamHeader[] = []
  const isSound = collect(inputSchema, [], found)
  const names = new Set(found.map(({ header }) => header))
  return isSound && names.size === found.length ? found : []
}

function collect(schema: unknown, path: readonly string[], found: ParamHeader[]): boolean {
  if (path.length > MAX_DEPTH) return true
  for (const [name, property] of Object.entries(recordOf(recordOf(schema)['properties']))) {
    if (!isRecord(property)) continue
    const inside = [...path, name]
    const declared = property['x-mcp-header']
    if (declared !== undefined) {
      if (typeof declared !== 'string' || !TOKEN.test(declared) || !TYPES.has(textOf(property['type'], '')))
        return false
      found.push({ header: `mcp-param-${declared.toLowerCase()}`, path: inside })
    }
    if (!collect(property, inside, found)) return false
  }
  return true
}

/** The argument there; undefined if there is none, or null. */
export function argumentAt(args: Members, path: readonly string[]): unknown {
  let value: unknown = args
  for (const name of path) value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
  return value ?? undefined
}

/** Whether some readers find another argument there: in Go, `Region` stands for `region` too. */
export function isDoubted(args: Members, path: readonly string[]): boolean {
  let value: unknown = args
  for (const name of path) {
    if (!isRecord(value)) return false
    const wanted = folded(name)
    if (Object.keys(value).some((key) => key !== name && folded(key) === wanted)) return true
    value = Object.hasOwn(value, name) ? value[name] : undefined
  }
  return false
}
