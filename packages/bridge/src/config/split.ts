// config/split: one text that holds several.

/** Trimmed, without the empty ones. */
export function splitList(raw: string, separator = /[,\n]/): string[] {
  return raw
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** `A=B=C` is A and B=C; what has no `=` has no name. */
export function splitPair(pair: string): [name: string, value: string] {
  const end = pair.indexOf('=')
  return end === -1 ? ['', pair] : [pair.slice(0, end), pair.slice(end + 1)]
}
