// child/said: of all that a child says, the few lines that may tell why it fails: the first, the last, and those that complain.

/** How many of each kind are kept. */
const FIRST = 5
const TELLING = 10
const LAST = 10
/** How many a person is shown. */
const SHOWN = 10
/** A longer line is told by its beginning. */
const JUDGED = 500

/** Words of complaints, of help texts, and of those that wait for something: an address, a login. */
const TELLS =
  /error|exception|fatal|panic|fail|missing|required?\b|requires|must |not set|unset|usage:|invalid|denied|refused|cannot|can't|could not|unable|not found|no such|not provided|listening|running (on|at)|https?:\/\/|browser|log ?in\b|sign ?in\b/i
/** Where in a program it was says less than what it was. */
const PLACE = /^\s*(at |File "|\.{3}|\^|\|)/

interface Line {
  number: number
  text: string
}

export class Said {
  readonly #first: Line[] = []
  readonly #telling: Line[] = []
  readonly #last: Line[] = []
  #count = 0

  add(text: string): void {
    const line = { number: this.#count++, text }
    if (this.#first.length < FIRST) this.#first.push(line)
    if (tells(text)) push(this.#telling, line, TELLING)
    push(this.#last, line, LAST)
  }

  /** All that is kept, in its order; the unfinished line is the last. */
  lines(rest = ''): string[] {
    return textsOf([...this.#first, ...this.#telling, ...this.#last], rest)
  }

  /** At most ten: what complains, then how it began, then how it ended, in their order. */
  excerpt(rest = ''): string[] {
    const room = rest === '' ? SHOWN : SHOWN - 1
    const chosen = new Map<number, Line>()
    const begun = this.#first.slice(0, 2)
    // Of the telling ones not all, so that the end is there too: it may be what they lead to.
    const telling = this.#telling.slice(0, 3).concat(this.#telling.slice(3).slice(-3))
    for (const line of [...telling, ...begun, ...this.#last.toReversed()]) {
      if (chosen.size < room) chosen.set(line.number, line)
    }
    return textsOf([...chosen.values()], rest)
  }
}

function tells(text: string): boolean {
  const judged = text.slice(0, JUDGED)
  return TELLS.test(judged) && !PLACE.test(judged)
}

function push(lines: Line[], line: Line, most: number): void {
  lines.push(line)
  if (lines.length > most) lines.shift()
}

function textsOf(lines: readonly Line[], rest: string): string[] {
  const byNumber = new Map(lines.map((line) => [line.number, line.text]))
  const texts = [...byNumber].toSorted(([a], [b]) => a - b).map(([, text]) => text)
  return rest === '' ? texts : [...texts, rest]
}
