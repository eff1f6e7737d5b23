// lines: what an audit file holds, as it is read back.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, tempDir } from '@mcp-bridge/testkit'

export interface AuditLine {
  time: string
  event: string
  [member: string]: unknown
}

export const auditFile = () => join(tempDir(), 'audit.jsonl')

export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Each line stands for itself, the last one too. */
export function linesOf(text: string): AuditLine[] {
  return text.split(/(?<=\n)/).map((line) => JSON.parse(line) as AuditLine)
}

/** As soon as there are so many of this event. */
export function untilLines(file: string, event: string, count: number): Promise<AuditLine[]> {
  return eventually(
    () => {
      const text = textOf(file)
      const found = text.endsWith('\n') ? linesOf(text).filter((line) => line.event === event) : []
      return found.length >= count ? found : undefined
    },
    { what: `${count} lines of ${event} in ${file}` },
  )
}
