// printable: text of packages, recipes and clients' files, made fit for a terminal.

/**
 * C0 and C1 controls, the marks that turn the direction of writing, and what some readers take for the end of a line.
 *
 * @see https://www.unicode.org/reports/tr9/ for the marks of direction
 */
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

/** One word or line of somebody else: each such character as `\u001b`, so that it is seen and does nothing. */
export function printable(text: string): string {
  return text.replaceAll(UNSEEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** What we print as a whole: its lines are ours. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
