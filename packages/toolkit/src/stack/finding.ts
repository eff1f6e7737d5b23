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
  /** The failure that explains this one, as `check subject`; then its fix is the one that counts. */
  because?: string
}

/** A finding with its place among the others: see `explained`. */
export interface Placed extends Finding {
  /** What fails with it: a service, a login. */
  provides?: string
  /** What it cannot be well without, each with what that needs. */
  needs?: readonly string[]
}

export function ok(check: string, subject: string, detail: string): Finding {
  return { check, subject, isOk: true, detail }
}

export function bad(check: string, subject: string, detail: string, fix: string): Finding {
  return { check, subject, isOk: false, detail, fix }
}

export function placed(findings: readonly Finding[], place: Pick<Placed, 'provides' | 'needs'>): Placed[] {
  return findings.map((finding) => ({ ...place, ...finding }))
}

export function isAllWell(findings: readonly Finding[]): boolean {
  return findings.length > 0 && findings.every(({ isOk }) => isOk)
}

/** For a person; below each failure stands its fix, below what it explains its name. */
export function table(findings: readonly Finding[]): string {
  const rows = columns(
    findings.map((finding) => [stateOf(finding), finding.check, finding.subject, finding.detail]),
  )
  const lines = findings.flatMap(({ fix, because }, i) => [
    rows[i] ?? '',
    ...(because === undefined ? [] : [`        because of: ${because}`]),
    ...(fix === undefined ? [] : [`        fix: ${fix}`]),
  ])
  return [...lines, '', verdict(findings)].join('\n')
}

function stateOf({ isOk, because }: Finding): string {
  if (isOk) return 'ok    '
  return because === undefined ? 'FAILED' : 'effect'
}

function verdict(findings: readonly Finding[]): string {
  const failed = findings.filter(({ isOk }) => !isOk)
  if (failed.length === 0) return `All ${findings.length} checks passed.`
  const effects = failed.filter(({ because }) => because !== undefined).length
  const of = effects === 0 ? '' : ` ${effects} of them by the failure of another.`
  return `${failed.length} of ${findings.length} checks failed.${of}`
}

export function json(findings: readonly Finding[]): string {
  return JSON.stringify({ ok: isAllWell(findings), findings }, undefined, 2)
}
