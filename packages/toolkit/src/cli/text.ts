// cli/text: what the commands print, for people and as JSON.
import { columns } from '../columns.ts'

export function table(rows: readonly (readonly string[])[]): string {
  return columns(rows)
    .map((line) => `${line}\n`)
    .join('')
}

/** 123.4 MB, as Docker counts. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
