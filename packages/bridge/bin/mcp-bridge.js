#!/usr/bin/env node
// Checked before anything of ours is loaded: on an older Node that would fail with a stack trace.
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `mcp-bridge needs Node 22.12 or newer; this is Node ${process.versions.node}. Install a current Node and run it again.`,
  )
  process.exit(1)
}
// Compiled once: the code of the next start comes from Node's cache (NODE_DISABLE_COMPILE_CACHE=1 turns it off).
module.enableCompileCache()
const require = module.createRequire(import.meta.url)
await require('../dist/mcp-bridge.bundle.cjs').main(process.argv.slice(2), {
  // A program of its own: what serves a tool needs nothing of it.
  toolkit: (argv) =>
    require('../dist/toolkit/toolkit.bundle.cjs').main(
      argv,
      fileURLToPath(new URL('../dist', import.meta.url)),
    ),
})
