#!/usr/bin/env node
// Checked before anything is imported: on an older Node the imports themselves would fail with a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `mcp-bridge needs Node 22.12 or newer; this is Node ${process.versions.node}. Install a current Node and run it again.`,
  )
  process.exit(1)
}
const { main } = await import('../dist/cli/main.js')
await main(process.argv.slice(2))
