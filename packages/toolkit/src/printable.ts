// printable: makes texts of packages, recipes and clients' files safe to show on a terminal.

/**
 * Control characters (C0 and C1), marks that change the direction of writing, and Unicode's line and paragraph separators.
 *
 * @see https://www.unicode.org/reports/tr9/ for the marks of direction
 */
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

/** One line of foreign text; each such character is written as `\u001b`. */
export function printable(text: string): string {
  return text.replaceAll(UNSEEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The same for a text whose line breaks are our own. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
