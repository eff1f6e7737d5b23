// verify/causes: which failure explains which; an operator mends the cause, and the effects go with it.
import type { Finding, Placed } from '../finding.ts'

/**
 * Each failure with the one that explains it, and each cause in front of its effects, before all others.
 *
 * @param withNeeds of a need: itself and what it needs
 */
export function explained(
  findings: readonly Placed[],
  withNeeds: (need: string) => readonly string[],
): Finding[] {
  const lost = new Map(
    findings.flatMap((finding) =>
      finding.isOk || finding.provides === undefined ? [] : [[finding.provides, finding] as const],
    ),
  )
  // It ends: Compose refuses services that depend on each other in a ring.
  const causeOf = (finding: Placed): Placed | undefined => {
    const next = (finding.needs ?? [])
      .flatMap(withNeeds)
      .map((need) => lost.get(need))
      .find((each) => each !== undefined && each !== finding)
    return next === undefined ? undefined : (causeOf(next) ?? next)
  }
  const causes = new Map(findings.map((each) => [each, each.isOk ? undefined : causeOf(each)]))
  const roots = findings.filter((each) => [...causes.values()].includes(each))
  const explaining = roots.flatMap((root) => [
    shown(root),
    ...findings.filter((each) => causes.get(each) === root).map((each) => effect(each, root)),
  ])
  const others = findings.filter((each) => !roots.includes(each) && causes.get(each) === undefined)
  return [...explaining, ...others.map(shown)]
}

/** Its place is of no use to a reader. */
function shown(finding: Placed): Finding {
  const rest = { ...finding }
  delete rest.provides
  delete rest.needs
  return rest
}

/** Without a fix of its own: it would send the operator to the wrong place. */
function effect(finding: Placed, { check, subject }: Placed): Finding {
  const rest = { ...shown(finding), because: `${check} ${subject}` }
  delete rest.fix
  return rest
}
