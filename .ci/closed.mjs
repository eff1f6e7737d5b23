// A vitest global set-up for `.ci/run`, the first of all: it is taken down last, and only if no other one failed to be.
// A teardown that fails (`left behind: …`) leaves nothing but an exit status, and a failed test leaves the same.
import { writeFileSync } from 'node:fs'

export function teardown() {
  writeFileSync(`${process.env.MCP_BRIDGE_TEST_OUTCOME}.closed`, '')
}
