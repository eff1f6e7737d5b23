// temp: directories that go when the test goes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How the name of each begins. */
export const TEMP_PREFIX = 'mcp-bridge-test-'

const directories: string[] = []

/** A new empty directory; `cleanTemp` removes it. */
export function tempDir(): string {
  const directory = mkdtempSync(join(tmpdir(), TEMP_PREFIX))
  directories.push(directory)
  return directory
}

/** Removes every directory that `tempDir` made; for `afterEach`. */
export function cleanTemp(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
}
