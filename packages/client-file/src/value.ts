// value: what a file of any format holds: numbers as they are written, objects whose keys may be called anything.

/** A number by its digits: 1.50 and 9007199254740993 stay what they are. */
export class Numeral {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** An object. Of a key that stands twice the last value counts, as for every client. */
export class Fields extends Map<string, Value> {
  readonly twice = new Set<string>()
  add(key: string, value: Value): void {
    if (this.has(key)) this.twice.add(key)
    this.set(key, value)
  }
}

export type Value = string | boolean | null | Numeral | Value[] | Fields

/** The text of a scalar, as it is written; undefined for a list, an object and nothing. */
export function textOf(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return value instanceof Numeral ? value.text : undefined
}

/** The object at these keys. */
export function fieldsAt(from: Fields, path: readonly string[]): Fields | undefined {
  let at: Value | undefined = from
  for (const key of path) at = at instanceof Fields ? at.get(key) : undefined
  return at instanceof Fields ? at : undefined
}
