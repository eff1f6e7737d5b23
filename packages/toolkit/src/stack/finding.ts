// stack/finding: one line of what `verify` found, and how the lines are shown.
import { columns } from '../columns.ts'

export interface Finding {
  /** What was asked: `containers`, `discovery`, … */
  check: string
  /** Of what: a service, a tool, a path. */
  subject: string
  isOk: boolean
  detail: string
  /** What to do about it; only for a failure. */
  fix?: string
}

export function ok(check: string, subject: string, detail: string): Finding {
  return { check, subject, isOk: true, detail }
}

export function bad(check: string, subject: string, detail: string, fix: string): Finding {
  return { check, subject, isOk: false, detail, fix }
}

export function isAllWell(findings: readonly Finding[]): boolean {
  return findings.length > 0 && findings.every(({ isOk }) => isOk)
}

/** For a person; each failure has its fix on the line below. */
export function table(findings: readonly Finding[]): string {
  const rows = columns(
    findings.map(({ isOk, check, subject, detail }) => [isOk ? 'ok    ' : 'FAILED', check, subject, detail]),
  )
  const lines = findings.flatMap(({ fix }, i) => [
    rows[i] ?? '',
    ...(fix === undefined ? [] : [`        fix: ${fix}`]),
  ])
  const failed = findings.filter(({ isOk }) => !isOk).length
  const verdict =
    failed === 0 ? `All ${findings.length} checks passed.` : `${failed} of ${findings.length} checks failed.`
  return [...lines, '', verdict].join('\n')
}

export function json(findings: readonly Finding[]): string {
  return JSON.stringify({ ok: isAllWell(findings), findings }, undefined, 2)
}
