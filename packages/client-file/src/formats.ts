// formats: JSON with comments, TOML and YAML → values.
import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser'
import { parse as parseTomlText, TomlError } from 'smol-toml'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { Fields, Numeral, type Value } from './value.ts'

export type Format = 'json' | 'toml' | 'yaml'

export const FORMAT_NAMES: Record<Format, string> = { json: 'JSON', toml: 'TOML', yaml: 'YAML' }

/** By the end of its name; what has none that is known is JSON. */
export function formatOf(path: string): Format {
  if (/\.toml$/i.test(path)) return 'toml'
  return /\.ya?ml$/i.test(path) ? 'yaml' : 'json'
}

/** Which line, and what is wrong there, without a word of what is in it. */
export class Malformed extends Error {}

/** @throws Malformed, or for what is nested too deep a RangeError */
export function parseValue(content: string, format: Format): Value {
  const text = content.replace(/^\uFEFF/, '')
  switch (format) {
    case 'json':
      return parseJson(text)
    case 'toml':
      return parseToml(text)
    case 'yaml':
      return parseYaml(text)
  }
}

/** With comments and trailing commas, as VS Code writes it. */
function parseJson(text: string): Value {
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { allowTrailingComma: true })
  const [first] = errors
  if (first !== undefined) {
    const line = text.slice(0, first.offset).split('\n').length
    throw new Malformed(`line ${line}: ${spaced(printParseErrorCode(first.error))}`)
  }
  if (tree === undefined) throw new Malformed('it is empty')
  const valueOf = ({ type, value, children = [], offset, length }: Node): Value => {
    if (type === 'array') return children.map(valueOf)
    if (type === 'number') return new Numeral(text.slice(offset, offset + length))
    if (type !== 'object') return value as string | boolean | null
    const fields = new Fields()
    for (const { children: [key, inner] = [] } of children) {
      if (key !== undefined && inner !== undefined) fields.add(key.value as string, valueOf(inner))
    }
    return fields
  }
  return valueOf(tree)
}

/** TOML forbids a key twice. A fraction has lost its digits here: its Numeral is empty, and whoever needs it refuses it. */
function parseToml(text: string): Value {
  const valueOf = (value: unknown): Value => {
    if (typeof value === 'bigint') return new Numeral(String(value))
    if (typeof value === 'number') return new Numeral('')
    if (typeof value === 'string' || typeof value === 'boolean') return value
    if (value instanceof Date) return value.toISOString()
    if (Array.isArray(value)) return value.map(valueOf)
    const fields = new Fields()
    for (const [key, inner] of Object.entries(value as object)) fields.add(key, valueOf(inner))
    return fields
  }
  try {
    return valueOf(parseTomlText(text, { integersAsBigInt: true }))
  } catch (error) {
    // Its message repeats the lines around.
    throw error instanceof TomlError ? new Malformed(`line ${error.line}`) : error
  }
}

/** Without aliases: a few lines of them can expand to millions. */
function parseYaml(text: string): Value {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false, lineCounter })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line } = lineCounter.linePos(broken.pos[0])
    throw new Malformed(`line ${line}: ${broken.code.toLowerCase().replaceAll('_', ' ')}`)
  }
  const valueOf = (node: unknown): Value => {
    if (isAlias(node)) throw new Malformed('an alias (*name): write out what is meant')
    if (isSeq(node)) return node.items.map(valueOf)
    if (isScalar(node)) {
      if (typeof node.value === 'number' || typeof node.value === 'bigint')
        return new Numeral(node.source ?? '')
      return typeof node.value === 'string' || typeof node.value === 'boolean' ? node.value : null
    }
    if (!isMap(node)) return null
    const fields = new Fields()
    for (const { key, value } of node.items)
      fields.add(isScalar(key) ? (key.source ?? String(key.value)) : '', valueOf(value))
    return fields
  }
  return valueOf(document.contents)
}

/** `comma expected` of CommaExpected. */
function spaced(name: string): string {
  return name.replaceAll(/(?<!^)([A-Z])/g, ' $1').toLowerCase()
}
