// temp: directories that go when the test goes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Names the test run in the names of its directories; set by who starts the run. */
export const RUN_VARIABLE = 'MCP_BRIDGE_TEST_RUN'

/** How the name of each directory of this run begins. */
export function tempPrefix(): string {
  return `mcp-bridge-test-${process.env[RUN_VARIABLE] ?? process.pid}-`
}

const directories: string[] = []

/** A new empty directory; `cleanTemp` removes it. */
export function tempDir(): string {
  const directory = mkdtempSync(join(tmpdir(), tempPrefix()))
  directories.push(directory)
  return directory
}

/** Removes every directory that `tempDir` made; for `afterEach`. */
export function cleanTemp(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
}
