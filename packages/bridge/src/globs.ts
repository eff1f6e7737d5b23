// globs: which names a list of globs means; matched in time that grows with name times glob, and both are bounded.
import { visible } from './visible.ts'

/** No tool and no variable is called anything longer; in UTF-8. */
const MAX_NAME_BYTES = 256
const MAX_GLOB_LENGTH = 1024
/** Of all braces of one glob, multiplied out. */
const MAX_ALTERNATIVES = 64
const MAX_DEPTH = 8

/** What one character of a name must be; `STAR` stands for any number of any. */
type Token = ((codePoint: number) => boolean) | typeof STAR
const STAR = undefined

/**
 * Whether a list means a name. `*` is any text, `?` any one character, `[a-z]` one of these, `[!a-z]` none of these,
 * `{a,b}` either, `\*` a star; dots and slashes are characters like any other. `!glob` means "but not": it wins over all
 * others, and a list of nothing else means all other names. An empty list means none.
 *
 * What is no name (see `isName`) is never meant.
 *
 * @throws SyntaxError for a glob that cannot be read
 */
export function namesOf(globs: readonly string[]): (name: string) => boolean {
  const [exceptions, named] = [true, false].map((isWanted) =>
    globs.filter((glob) => isException(glob) === isWanted).map(matcherOf),
  ) as [Matcher[], Matcher[]]
  const meansRest = named.length === 0 && exceptions.length > 0
  return (name) => {
    if (!isName(name)) return false
    const codePoints = Array.from(name, codePointOf)
    const isMeant = (matches: Matcher) => matches(name, codePoints)
    return (meansRest || named.some(isMeant)) && !exceptions.some(isMeant)
  }
}

/** Those of a list that mean none of these names. */
export function idleGlobs(globs: readonly string[], names: readonly string[]): string[] {
  return globs.filter((glob) => !names.some(namesOf([isException(glob) ? glob.slice(1) : glob])))
}

/**
 * The globs of a text, which commas and lines separate, but for those within braces and brackets and behind a backslash.
 *
 * @throws SyntaxError for one that cannot be read
 */
export function splitGlobs(text: string): string[] {
  const globs = new Parser(text).split().map((glob) => glob.trim())
  return globs.filter((glob) => glob !== '' && matcherOf(glob))
}

export function isException(glob: string): boolean {
  return glob.startsWith('!')
}

/** Whether a tool or a variable may be called so at all. */
export function isName(name: string): boolean {
  // No character takes more than three bytes for each of its units.
  const isShort = name.length <= MAX_NAME_BYTES / 3 || Buffer.byteLength(name) <= MAX_NAME_BYTES
  return isShort && visible(name) === name
}

type Matcher = (name: string, codePoints: readonly number[]) => boolean

function matcherOf(glob: string): Matcher {
  const text = isException(glob) ? glob.slice(1) : glob
  if (text === '') throw new SyntaxError('a glob is empty')
  const alternatives = new Parser(text).parse()
  return (name, codePoints) => name === text || alternatives.some((tokens) => matches(tokens, codePoints))
}

/** Of several stars only the last can be wrong so far: the others have taken as little as they could. */
function matches(tokens: readonly Token[], name: readonly number[]): boolean {
  let at = 0
  let star = -1
  let afterStar = 0
  for (let i = 0; i < name.length;) {
    const token = at < tokens.length ? tokens[at] : never
    if (token === STAR) {
      star = at++
      afterStar = i
    } else if (token(name[i] as number)) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++afterStar
    } else return false
  }
  while (at < tokens.length && tokens[at] === STAR) at++
  return at === tokens.length
}

const never = (): boolean => false
const anyOne = (): boolean => true
const codePointOf = (character: string): number => character.codePointAt(0) as number

/** What would have a meaning elsewhere, and must not silently have none here: a glob may be all that stands before a tool. */
const REFUSED = new Set('()|"')
const ENDS = new Set('},\n')

class Parser {
  readonly #glob: string
  readonly #characters: readonly string[]
  #at = 0
  #depth = 0

  constructor(glob: string) {
    this.#glob = glob
    this.#characters = Array.from(glob)
  }

  /** One sequence of tokens for each way through the braces. */
  parse(): Token[][] {
    const alternatives = this.#sequence()
    if (this.#peek() !== undefined) throw this.#fault(`has a stray ${JSON.stringify(this.#peek())}`)
    return alternatives
  }

  /** The texts between the commas and line breaks of a list. */
  split(): string[] {
    const globs: string[] = []
    for (let from = 0; from <= this.#characters.length; from = ++this.#at) {
      this.#sequence()
      if (this.#peek() === '}') throw this.#fault('has a } without a {')
      globs.push(this.#characters.slice(from, this.#at).join(''))
    }
    return globs
  }

  /** Up to what ends it, here or in the braces around it. */
  #sequence(): Token[][] {
    let found: Token[][] = [[]]
    const from = this.#at
    for (let next = this.#peek(); next !== undefined && !ENDS.has(next); next = this.#peek()) {
      this.#at++
      if (this.#at - from > MAX_GLOB_LENGTH) throw this.#fault(`has more than ${MAX_GLOB_LENGTH} characters`)
      found = this.#join(found, next === '{' ? this.#braces() : [[this.#token(next)]])
    }
    return found
  }

  #braces(): Token[][] {
    if (++this.#depth > MAX_DEPTH) throw this.#fault(`has more than ${MAX_DEPTH} braces within each other`)
    const found = this.#sequence()
    if (this.#peek() === '}') throw this.#fault('has braces without a comma: write {a,b}')
    while (this.#peek() === ',') {
      this.#at++
      found.push(...this.#sequence())
    }
    if (this.#peek() !== '}') throw this.#fault('has a { without a }')
    this.#at++
    this.#depth--
    return found
  }

  #join(heads: readonly Token[][], tails: readonly Token[][]): Token[][] {
    if (heads.length * tails.length > MAX_ALTERNATIVES)
      throw this.#fault(`means more than ${MAX_ALTERNATIVES} alternatives: write several globs`)
    return heads.flatMap((head) => tails.map((tail) => [...head, ...tail]))
  }

  #token(character: string): Token {
    if (character === '*') return STAR
    if (character === '?') return anyOne
    if (character === '[') return this.#class()
    if (REFUSED.has(character))
      throw this.#fault(`has a ${character}, which means nothing here: write \\${character}`)
    const wanted = codePointOf(character === '\\' ? this.#escaped() : character)
    return (codePoint) => codePoint === wanted
  }

  #class(): Token {
    const isNegated = this.#peek() === '!' || this.#peek() === '^'
    if (isNegated) this.#at++
    const ranges: [from: number, to: number][] = []
    // A bracket that comes first closes nothing.
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      const from = this.#member()
      const isRange = this.#peek() === '-' && ![']', undefined].includes(this.#characters[this.#at + 1])
      if (isRange) this.#at++
      const to = isRange ? this.#member() : from
      if (to < from) throw this.#fault('has a range that ends before it begins')
      ranges.push([from, to])
    }
    this.#at++
    return (codePoint) => ranges.some(([from, to]) => from <= codePoint && codePoint <= to) !== isNegated
  }

  #member(): number {
    const character = this.#peek()
    if (character === undefined) throw this.#fault('has a [ without a ]')
    if (character === '[' && this.#characters[this.#at + 1] === ':')
      throw this.#fault('has a class by name: write [a-z] or [0-9]')
    this.#at++
    return codePointOf(character === '\\' ? this.#escaped() : character)
  }

  #escaped(): string {
    const character = this.#peek()
    if (character === undefined) throw this.#fault('ends in a backslash')
    this.#at++
    return character
  }

  #peek(): string | undefined {
    return this.#characters[this.#at]
  }

  #fault(what: string): SyntaxError {
    const glob = this.#glob.length > 80 ? `${this.#glob.slice(0, 80)}…` : this.#glob
    return new SyntaxError(`the glob ${JSON.stringify(glob)} ${what}`)
  }
}
