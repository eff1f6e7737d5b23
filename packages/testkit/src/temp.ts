// temp: directories that go when the test goes, and the name by which a test file knows what is its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Names the test run in the names of its directories; set by who starts the run. */
export const RUN_VARIABLE = 'MCP_BRIDGE_TEST_RUN'

const PREFIX = 'mcp-bridge-test-'

/** How the name of each directory and session of this run begins. */
export function tempPrefix(): string {
  return `${PREFIX}${process.env[RUN_VARIABLE] ?? process.pid}-`
}

/** Names the test file to all that it starts, however far down: a bridge hands XDG variables on to its children. */
export const SESSION_VARIABLE = 'XDG_SESSION_ID'

/** This test file's; that of a program which a test has started is the test's. */
export function sessionId(): string {
  const { [RUN_VARIABLE]: run, [SESSION_VARIABLE]: inherited } = process.env
  return run === undefined && inherited?.startsWith(PREFIX) === true
    ? inherited
    : `${tempPrefix()}${process.pid}`
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
