// containers/moody: a tool that is what its first argument, or else its variables, make of it: without any it wants one.
import { tempDir } from '@mcp-bridge/testkit'
import { writeFiles } from '@mcp-bridge/toolkit'

const TOOL = `#!/opt/mcp-bridge/bin/node
const { API_TOKEN } = process.env
const [MOOD = process.env.MOOD, argument] = process.argv.slice(2)
const answer = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }))
if (MOOD === 'http') require('node:http').createServer().listen(3333, () => console.error('HTTP server listening on port 3333'))
else if (MOOD === 'argument') fail('tool: error: the following arguments are required: transport', 2)
else if (MOOD !== 'says' && API_TOKEN === undefined) fail('Error: API_TOKEN is not set\\n' + '  tool --token=TOKEN\\n'.repeat(30), 1)
else require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (method === 'initialize') answer(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'moody', version: '1' } })
  if (method === 'tools/list') answer(id, { tools: MOOD === 'says' ? [{ name: 'say', description: argument, inputSchema: { type: 'object' } }] : [{ name: 'of-' + API_TOKEN + '-' + (process.env.MCP_BRIDGE_TOKEN ?? 'nobody'), inputSchema: { type: 'object' } }] })
})
function fail(text, code) { console.error(text); process.exit(code) }
`
const RECIPE = `name: moody
title: Moody
description: A tool that starts or does not
runtime: binary
version: 1.0.0
entry: tool
network: none
children: session
`

/** A folder with its recipe, to build. */
export function moodyFolder(args: readonly string[] = []): string {
  const folder = tempDir()
  const recipe = args.length === 0 ? RECIPE : `${RECIPE}args: ${JSON.stringify(args)}\n`
  writeFiles(
    folder,
    new Map([
      ['recipe.yaml', recipe],
      ['lock/tool', TOOL],
    ]),
  )
  return folder
}
