// visible: text that comes from a tool, a client or a registry, made fit for a terminal, a log line or a page.

/**
 * What is not seen and may do something: controls beyond ASCII (C1), marks that turn the direction of writing, what some
 * readers take for the end of a line, what has no width, tags that spell a hidden text, half characters.
 *
 * @see https://www.unicode.org/reports/tr9/ for the marks of direction
 */
const BEYOND_ASCII = String.raw`\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}`
const UNSEEN = new RegExp(String.raw`[\u0000-\u001f${BEYOND_ASCII}]`, 'gu')
const UNSEEN_IN_JSON = new RegExp(`[${BEYOND_ASCII}]`, 'gu')
/** Layout, as descriptions have it. */
const LAYOUT = /[\t\n\r]/g
/** What a tool colours its stderr with, while it takes that for a terminal. */
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[\d;]*m/g

/** What a refusal repeats of a name, a path or a header. */
const EXCERPT_LENGTH = 200

/** The same text with each such character as `\u009b`, so that it is seen and does nothing. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, escaped)
}

/** Whether something in it would not be seen; tabs and line breaks are what they seem. */
export function hidesSomething(text: string): boolean {
  return text.replaceAll(LAYOUT, '').search(UNSEEN) !== -1
}

/** As much of it as an error text or a log line may repeat. */
export function excerpt(text: string, length = EXCERPT_LENGTH): string {
  if (text.length <= length) return visible(text)
  // Not in the middle of a character of two halves.
  return `${visible(text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, ''))}…`
}

/** A line that a tool has printed, for a terminal: without its colours, tabs as blanks. */
export function visibleLine(line: string): string {
  return visible(withoutColours(line).replaceAll('\t', '  '))
}

export function withoutColours(line: string): string {
  return line.replaceAll(COLOURS, '')
}

/** JSON text whose strings hold no such character raw; it means the same. */
export function visibleJson(json: string): string {
  return json.replaceAll(UNSEEN_IN_JSON, escaped)
}

function escaped(character: string): string {
  let text = ''
  for (let i = 0; i < character.length; i++)
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  return text
}

/** What has several lines has them on purpose: problems, each on a line of its own. */
export function visibleLines(text: string): string[] {
  return text.split('\n').map(visible)
}
