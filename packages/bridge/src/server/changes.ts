// server/changes: which names have come, gone, or mean something else now.
import type { Changes } from '../telemetry/events.ts'

/** Two that lead to the same JSON are one. */
export function changesBetween(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Changes {
  const names = Object.keys(after)
  return {
    added: names.filter((name) => !Object.hasOwn(before, name)),
    changed: names.filter(
      (name) => Object.hasOwn(before, name) && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
    ),
    removed: Object.keys(before).filter((name) => !Object.hasOwn(after, name)),
  }
}

export function areNone({ added, changed, removed }: Changes): boolean {
  return added.length + changed.length + removed.length === 0
}

/** These have changed too. */
export function withChanged(changes: Changes, names: Iterable<string>): Changes {
  const isTold = new Set([...changes.added, ...changes.changed])
  return { ...changes, changed: [...changes.changed, ...[...names].filter((name) => !isTold.has(name))] }
}
