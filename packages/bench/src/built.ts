// built: where everything is that is run, and what of it a build must have made.
import { fileURLToPath } from 'node:url'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export const CHILD = at('child.mjs')
export const FLOOR = at('../dist/floor.js')
export const HOP = at('hop.ts')
export const BRIDGE = at('../../bridge/bin/mcp-bridge.js')
export const BUILT = [FLOOR, at('../../bridge/dist/mcp-bridge.bundle.cjs'), at('../../testkit/dist/index.js')]
