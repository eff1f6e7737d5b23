// readme: takes what a README promises out of it, so that a test can try it.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where the README commands that start a bridge are run: the tools they name are installed here. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

export interface Readme {
  text: string
  /**
   * The fenced block of this language below this heading, the first unless `nth` says otherwise.
   *
   * @throws Error if there is none: a README that lost its snippet fails its test
   */
  block(heading: string, language: string, nth?: number): string
  /** The rows of the table below a heading, its head left out: first cell → second cell, without backticks. */
  table(heading: string): ReadonlyMap<string, string>
}

/** The README beside a test, or another page by its path from there: `readme(import.meta.url)`. */
export function readme(beside: string, page = 'README.md'): Readme {
  const text = readFileSync(new URL(page, beside), 'utf8')
  const section = (heading: string): string => {
    const found = sections(text).find(({ title }) => title === heading)
    if (found === undefined) throw new Error(`no heading "${heading}" in the ${page} of ${beside}`)
    return found.body
  }
  return {
    text,
    block(heading, language, nth = 0) {
      const blocks = [...section(heading).matchAll(/^ *```(\w+)\n([^]*?)^ *```$/gm)]
      const found = blocks.filter(([, tag]) => tag === language)[nth]?.[2]
      if (found === undefined) throw new Error(`no block ${nth} of ${language} under "${heading}"`)
      return found
    },
    table(heading) {
      const rows = [...section(heading).matchAll(/^\|(.+)\|$/gm)].map(([, row = '']) =>
        row.split('|').map((cell) => cell.trim().replaceAll('`', '')),
      )
      if (rows.length < 3) throw new Error(`no table under "${heading}"`)
      return new Map(rows.slice(2).map(([name = '', value = '']) => [name, value]))
    },
  }
}

/** A heading inside a fenced block (`# comment`) is none. */
function sections(text: string): { title: string; body: string }[] {
  const found: { title: string; body: string }[] = []
  let isFenced = false
  for (const line of text.split('\n')) {
    if (line.trimStart().startsWith('```')) isFenced = !isFenced
    const title = isFenced ? undefined : /^#+ (.+)$/.exec(line)?.[1]
    if (title !== undefined) found.push({ title, body: '' })
    else {
      const last = found.at(-1)
      if (last !== undefined) last.body += `${line}\n`
    }
  }
  return found
}

/** A command line as a shell splits it: quotes, backslashes, continued lines; nothing is expanded. */
export function words(line: string): string[] {
  const found: string[] = []
  let word: string | undefined
  for (const [, quoted, doubled, escaped, space, plain] of line
    .replaceAll('\\\n', ' ')
    .matchAll(/'([^']*)'|"([^"]*)"|\\([^])|(\s+)|([^\s'"\\]+)/g)) {
    if (space === undefined) word = (word ?? '') + (quoted ?? doubled ?? escaped ?? plain ?? '')
    else if (word !== undefined) {
      found.push(word)
      word = undefined
    }
  }
  return word === undefined ? found : [...found, word]
}

/**
 * The arguments of the bridge in a command line such as `npx mcp-bridge -- tool`, with values replaced where a test
 * cannot use the original: `{ '0.0.0.0': '127.0.0.1' }`.
 *
 * @throws Error if the line starts no bridge, or if a value to replace is not in it
 */
export function bridgeArgs(line: string, replace: Readonly<Record<string, string>> = {}): string[] {
  const all = words(line)
  const at = all.findIndex((word) => /(^|\/)mcp-bridge$/.test(word))
  if (at === -1) throw new Error(`this does not start a bridge: ${line}`)
  const args = all.slice(at + 1)
  for (const value of Object.keys(replace)) {
    if (!args.includes(value)) throw new Error(`"${value}" is not in: ${line}`)
  }
  return args.map((arg) => replace[arg] ?? arg)
}

/**
 * A snippet with the URL of the running bridge in place of the README's, and with variables filled in, in every
 * spelling clients have: `${NAME}`, `${env:NAME}`, `${input:name}`, `{{NAME}}`.
 *
 * @throws Error if the snippet does not name that host and port
 */
export function filledIn(
  snippet: string,
  host: string,
  port: number,
  values: Readonly<Record<string, string>> = {},
): string {
  if (!snippet.includes(host)) throw new Error(`"${host}" is not in:\n${snippet}`)
  return Object.entries(values).reduce(
    (text, [name, value]) =>
      [`\${${name}}`, `\${env:${name}}`, `\${input:${name}}`, `{{${name}}}`].reduce(
        (filled, spelling) => filled.replaceAll(spelling, value),
        text,
      ),
    snippet.replaceAll(host, `127.0.0.1:${port}`),
  )
}
