// tools/snapshot: a copy of the files that a change touches, to undo it if the tool does not pass its verification.
import { cpSync } from 'node:fs'
import type { Folder } from '../folder.ts'

const UNDO = ['run', 'undo'] as const

/** What a change of one tool may touch. */
function touched(service: string): string[] {
  return [
    '.env',
    'config/litellm.yaml',
    `added/${service}`,
    `added/.previous/${service}`,
    `people/${service}`,
  ]
}

/** Replaces an older snapshot: one change at a time. */
export function snapshot(folder: Folder, service: string): void {
  folder.remove(...UNDO)
  // The copies keep their modes, and those of tokens are open: their folder has to be closed here as it is there.
  folder.makePrivate(UNDO[0])
  folder.write(`${service}\n`, ...UNDO, 'service')
  for (const path of touched(service)) {
    if (folder.has(path))
      cpSync(folder.path(path), folder.path(...UNDO, 'files', path), {
        recursive: true,
        preserveTimestamps: true,
      })
  }
}

/** Puts all back, and removes what was not there. Returns the service; undefined if there is no snapshot. */
export function undo(folder: Folder): string | undefined {
  const service = folder.read(...UNDO, 'service').trim()
  if (service === '') return undefined
  for (const path of touched(service)) {
    folder.remove(path)
    if (folder.has(...UNDO, 'files', path))
      cpSync(folder.path(...UNDO, 'files', path), folder.path(path), { recursive: true })
  }
  folder.remove(...UNDO)
  return service
}

export function keep(folder: Folder): void {
  folder.remove(...UNDO)
}
