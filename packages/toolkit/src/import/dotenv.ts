// import/dotenv: `.env`, which Compose reads: where the stack listens, and what somebody has to fill in.
import type { Question } from './asked.ts'

/** Those that nothing is known of. */
export function unanswered(questions: readonly Question[]): Question[] {
  return questions.filter(({ fallback = '' }) => quoted(fallback) === '')
}

export interface Listening {
  bind: string
  port: number
}

export function dotenvText({ bind, port }: Listening, questions: readonly Question[]): string {
  return [
    '# Compose reads this. What is filled in here stays when the stack is made again.',
    `MCP_BIND=${bind}`,
    `MCP_PORT=${port}`,
    ...questions.flatMap(({ name, description, fallback }) => [
      `# ${description.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')}`,
      `${name}=${fallback === undefined ? '' : quoted(fallback)}`,
    ]),
    '',
  ].join('\n')
}

/** Of `MCP_BIND` and `MCP_PORT` in a file that is there. */
export function listeningIn(text: string): Partial<Listening> {
  const bind = /^MCP_BIND=(\S+)$/m.exec(text)?.[1]
  const port = /^MCP_PORT=(\d+)$/m.exec(text)?.[1]
  return { ...(bind === undefined ? {} : { bind }), ...(port === undefined ? {} : { port: Number(port) }) }
}

/** Every line of `before` stays as it is, unless it is empty and now has a value; variables that it does not have, not even commented out, are appended. */
export function completed(before: string, text: string): string {
  const lines = before.split('\n')
  const known = new Set(lines.map(variableOf))
  const kept = lines.map((line) => (/^\w+=$/.test(line) ? (lineOf(text, line) ?? line) : line)).join('\n')
  const blocks = text.match(/(?:# .*\n)?(?:# )?\w+=.*\n/g) ?? []
  const added = blocks.filter((block) => !known.has(variableOf(block.trimEnd().split('\n').at(-1) ?? '')))
  if (added.length === 0) return kept
  return `${kept}${kept === '' || kept.endsWith('\n') ? '' : '\n'}${added.join('')}`
}

/** The text with another value in the line of this variable. */
export function withVariable(text: string, name: string, value: string): string {
  return text.replace(new RegExp(`^${name}=.*$`, 'm'), () => `${name}=${value}`)
}

function lineOf(text: string, empty: string): string | undefined {
  return text.split('\n').find((line) => line.startsWith(empty) && line !== empty)
}

function variableOf(line: string): string | undefined {
  return /^(?:# )?([A-Za-z_]\w*)=/.exec(line)?.[1]
}

/** As Compose reads it: single quotes expand nothing, double ones know escapes. A text of several lines is left to be filled in. */
function quoted(value: string): string {
  if (/^[\w./:@+,-]*$/.test(value)) return value
  if (/[\r\n\0]/.test(value)) return ''
  return value.includes("'") ? `"${value.replaceAll(/["\\$]/g, '\\$&')}"` : `'${value}'`
}
