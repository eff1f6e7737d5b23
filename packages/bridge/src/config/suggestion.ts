// config/suggestion: the name that was probably meant.

/** `; did you mean port?`, or nothing if no known name is close. */
export function suggestion(word: string, known: readonly string[]): string {
  const [best] = known
    .map((name) => ({ name, edits: distance(word, name) }))
    .toSorted((a, b) => a.edits - b.edits)
  return best !== undefined && best.edits <= Math.max(2, word.length / 4)
    ? `; did you mean ${best.name}?`
    : ''
}

/** Levenshtein. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1]
    for (const [j, other] of b.split('').entries()) {
      const same = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(same, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
