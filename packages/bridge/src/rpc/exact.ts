// rpc/exact: JSON that is looked into and written again, with every digit of its numbers.

/** ES2026, in Node since 21; the TypeScript library does not know it yet. */
interface JsonWithSource {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  /** What `stringify` writes as this very text. */
  rawJSON(text: string): object
  isRawJSON(value: unknown): boolean
}

const json = JSON as unknown as JsonWithSource

/** Whether there may be a number that reads otherwise once written: over 2^53, `1.0`, `1e400`, `-0`. */
const MAY_CHANGE = /[:,[]\s*(?:-0|-?\d+[.eE]|-?\d{16})/

/**
 * As `JSON.parse`, but a number that `JSON.stringify` would write in another way is an object that is written as it came.
 * For what goes on to somebody else: whoever reads a number wants `JSON.parse`.
 *
 * @see https://tc39.es/proposal-json-parse-with-source/
 */
export function parseExact(text: string): unknown {
  return MAY_CHANGE.test(text) ? json.parse(text, keepDigits) : JSON.parse(text)
}

function keepDigits(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && source !== undefined && String(value) !== source
    ? json.rawJSON(source)
    : value
}

/** The text of a number that `parseExact` has kept as it came; undefined for anything else. */
export function keptNumber(value: object): string | undefined {
  return json.isRawJSON(value) ? JSON.stringify(value) : undefined
}
