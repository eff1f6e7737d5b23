// status/html: text of whoever wrote it into a page, where it means nothing but itself.
import { visible } from '../visible.ts'

/** Markup of our own, in `text`. Whatever else is put into a template is text. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number | false | undefined | readonly Part[]

export function markup({ raw }: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(raw.map((text, i) => text + markupOf(parts[i])).join(''))
}

/** Lines of a program, each as it would be shown alone. */
export function lines(all: readonly string[]): Html {
  return new Html(all.map((line) => escaped(visible(line.replaceAll('\t', '  ')))).join('\n'))
}

function markupOf(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(markupOf).join('')
  return escaped(visible(String(part)))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
