// lock/suspicions: what in the texts of one server's tools may be meant for a model and not for whoever reads them; a report, no verdict.
import { isRecord } from '../rpc/content.ts'
import { excerpt } from '../visible.ts'
import type { Tool } from './definition.ts'
import { lookAlikes, skeletonOf } from './look-alikes.ts'

const SHOWN = 80
/** Of one tool: who writes more has been seen. */
const MOST = 10

/** The names of the tools of one server, by what they look like. */
export type Names = ReadonlyMap<string, readonly string[]>

export function namesOf(tools: readonly Tool[]): Names {
  return Map.groupBy(new Set(tools.map(({ name }) => name)), skeletonOf)
}

/** As sentences, fit for a terminal, each once. */
export function suspicionsIn(tools: readonly Tool[]): string[] {
  const names = namesOf(tools)
  return tools.flatMap((tool) =>
    suspicionsOf(tool, names).map((what) => `the tool ${excerpt(tool.name)} ${what}`),
  )
}

/** The same of one among those beside it, without its name. */
export function suspicionsOf(tool: Tool, names: Names): string[] {
  const found = new Set(inName(tool.name, names))
  for (const [path, text] of textsIn(tool, ''))
    for (const what of inText(text)) {
      if (found.size >= MOST) return [...found]
      found.add(`${what} (${excerpt(path)})`)
    }
  return [...found]
}

/** Every text of a tool, with where it stands; keys of its schemas are texts, too. */
function textsIn(value: unknown, path: string): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]]
  if (Array.isArray(value)) return value.flatMap((each) => textsIn(each, path))
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`
    return [[at, key] as [string, string], ...textsIn(inner, at)]
  })
}

const TAGS = /[\u{e0020}-\u{e007e}]+/gu
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const NO_WIDTH = /[\u00ad\u180e\u200b\u2060-\u2064\ufeff]|(?<=[\w\s])[\u200c\u200d]|[\u200c\u200d](?=[\w\s])/u
/** One selects how the letter before it looks; several carry bytes. */
const SELECTORS = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{2,}|[\u{e0100}-\u{e01ef}]/u
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/

const ORDERS = [
  [
    /\bignore\b.{0,30}\b(?:previous|prior|above|earlier|other|all)\b.{0,30}\b(?:instruction|rule|tool|message)/i,
    'asks to ignore others',
  ],
  [
    /\b(?:do not|don't|never|without)\s+(?:tell|mention|inform|notify|reveal|telling|mentioning|informing|notifying|revealing|asking)/i,
    'asks for secrecy',
  ],
  [
    /<\s*\/?\s*(?:important|system|instructions?|secret|hidden|assistant)\s*>/i,
    'has a mark-up of instructions',
  ],
  [/\bsystem prompt\b/i, 'speaks of the system prompt'],
  [
    /~\/\.(?:ssh|aws|gnupg|kube|cursor|claude)\b|\bid_(?:rsa|ed25519)\b|\/etc\/(?:passwd|shadow)\b/,
    'names a file of credentials',
  ],
] as const satisfies readonly (readonly [RegExp, string])[]
function inText(text: string): string[] {
  const found: string[] = []
  for (const [tags] of text.matchAll(TAGS)) {
    const hidden = Array.from(tags, (tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0) - 0xe0000)).join(
      '',
    )
    found.push(`hides a text in tag characters: ${JSON.stringify(excerpt(hidden, SHOWN))}`)
  }
  if (CONTROLS.test(text)) found.push('holds escape sequences')
  if (DIRECTION.test(text)) found.push('holds marks that turn the direction of writing')
  if (NO_WIDTH.test(text) || SELECTORS.test(text)) found.push('holds characters that are not seen')
  found.push(...lookAlikes(text).map((word) => `mixes alphabets in ${JSON.stringify(excerpt(word, SHOWN))}`))
  for (const [pattern, what] of ORDERS) {
    const match = pattern.exec(text)
    if (match !== null) found.push(`${what}: ${JSON.stringify(excerpt(match[0], SHOWN))}`)
  }
  return found
}

function inName(name: string, names: Names): string[] {
  const like = (names.get(skeletonOf(name)) ?? []).filter((other) => other !== name)
  return like.slice(0, MOST).map((other) => `looks like ${excerpt(other)}`)
}
