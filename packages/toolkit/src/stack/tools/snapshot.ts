// tools/snapshot: a copy of the files that a change touches, to undo it if the tool does not pass its verification.
import type { Folder } from '../folder.ts'

/** lib/tools.sh removes it when a change is complete. */
const UNDO = ['run', 'undo'] as const

/** What a change of one tool may touch; `.env`, which says what Compose reads, after what comes and before what goes. */
function touched(service: string): string[] {
  return [
    `added/${service}`,
    `added/.previous/${service}`,
    `people/${service}`,
    'config/litellm.yaml',
    '.env',
  ]
}

/** Replaces an older snapshot: one change at a time. */
export function snapshot(folder: Folder, service: string): void {
  folder.remove(...UNDO)
  // The copies keep their modes, and those of tokens are open: their folder has to be closed here as it is there.
  folder.makePrivate(UNDO[0])
  for (const path of touched(service)) if (folder.has(path)) folder.copy([path], [...UNDO, 'files', path])
  // Last: a copy that was interrupted is none, and nothing has changed yet.
  folder.write(`${service}\n`, ...UNDO, 'service')
}

/** Puts all back, and removes what was not there. Returns the service; undefined if there is no snapshot. */
export function undo(folder: Folder): string | undefined {
  const service = folder.read(...UNDO, 'service').trim()
  if (service === '') return undefined
  const before = touched(service).filter((path) => folder.has(...UNDO, 'files', path))
  // Onto what is there: a running container has these folders mounted, and would keep a removed one.
  for (const path of before) folder.copy([...UNDO, 'files', path], [path])
  for (const path of before)
    for (const each of folder.within(path))
      if (!folder.has(...UNDO, 'files', path, each)) folder.remove(path, each)
  for (const path of touched(service)) if (!before.includes(path)) folder.remove(path)
  folder.remove(...UNDO)
  return service
}
