// verify/last-words: the line of a log that says most likely why its program ended.
import { stripVTControlCharacters } from 'node:util'
import { shortened } from '../gateway.ts'

/** The surer first. */
const TELLING = [/\b(error|fatal): /i, /\b(error|fatal|failed|denied|missing|required|refused|cannot)\b/i]

/** Empty if the log is. */
export function reasonIn(log: string): string {
  const lines = stripVTControlCharacters(log)
    .split('\n')
    // Not the rows of a stack.
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
  const telling = TELLING.map((pattern) => lines.findLast((line) => pattern.test(line)))
  return shortened(telling.find((line) => line !== undefined) ?? lines.at(-1) ?? '', 160)
}
