// resolve/pick-program: which of the programs of a package the tool is.
import { printable } from '../printable.ts'
import { ToolkitError } from '../errors.ts'

export interface ProgramChoice {
  label: string
  /** What each command runs, by its name. */
  programs: Readonly<Record<string, string>>
  /** The name that is taken if there are several and no `entry`. */
  preferred: string
  /** The operator's choice: the name of a command, or what it runs. */
  entry?: string | undefined
}

/** @throws ToolkitError if there is none, or several and none is preferred */
export function pickProgram({ label, programs, preferred, entry }: ProgramChoice): string {
  const names = Object.keys(programs).map(printable)
  if (entry !== undefined) {
    const found =
      Object.entries(programs).find(([name]) => name === entry)?.[1] ??
      Object.values(programs).find((each) => each === entry)
    if (found !== undefined) return found
    throw new ToolkitError(`${label} has no program ${entry}`, {
      hint: `it has ${names.join(', ') || 'none'}`,
    })
  }
  const [only, ...others] = [...new Set(Object.values(programs))]
  if (only === undefined) throw new ToolkitError(`${label} has no program: it is a library`)
  if (others.length === 0) return only
  const found = Object.entries(programs).find(([name]) => name === preferred)?.[1]
  if (found !== undefined) return found
  throw new ToolkitError(`${label} has several programs: ${names.join(', ')}`, {
    hint: `choose one with --entry ${names[0]}`,
  })
}
