#!/usr/bin/env node
// Checked before anything of ours is loaded: on an older Node that would fail with a stack trace.
import module from 'node:module'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `mcp-bridge needs Node 22.12 or newer; this is Node ${process.versions.node}. Install a current Node and run it again.`,
  )
  process.exit(1)
}
// Compiled once: the code of the next start comes from Node's cache (NODE_DISABLE_COMPILE_CACHE=1 turns it off).
module.enableCompileCache()
const { main } = module.createRequire(import.meta.url)('../dist/mcp-bridge.bundle.cjs')
await main(process.argv.slice(2))
