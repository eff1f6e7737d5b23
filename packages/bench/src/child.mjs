// child: the stdio server behind every contestant: as little as answers, so that the bridge is what is measured.
// `modern` (argv): it speaks 2026-07-28, and nothing before.
const isModern = process.argv[2] === 'modern'
const COMPLETE = isModern ? { resultType: 'complete' } : {}
const text = { type: 'object', properties: { text: { type: 'string' } } }
const size = { type: 'object', properties: { bytes: { type: 'number' } } }
const count = { type: 'object', properties: { count: { type: 'number' } } }
const TOOLS = [
  { name: 'echo', description: 'Says what it is told', inputSchema: text },
  { name: 'large', description: 'A text of so many bytes', inputSchema: size },
  { name: 'progress', description: 'So many progress notifications, then the answer', inputSchema: count },
]

/** The last large text: making it anew would be measured too. */
let large = ''

let unfinished = ''
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  const lines = (unfinished + chunk).split('\n')
  unfinished = lines.pop() ?? ''
  for (const line of lines) if (line !== '') take(JSON.parse(line))
})

function take({ id, method, params }) {
  if (id === undefined || method === undefined) return
  if (method === 'tools/call') return call(id, params)
  const result = answerTo(method, params)
  if (result !== undefined) return say({ jsonrpc: '2.0', id, result })
  say({ jsonrpc: '2.0', id, error: { code: -32601, message: `no ${method}` } })
}

function answerTo(method, params) {
  if (method === 'tools/list') return { ...COMPLETE, tools: TOOLS }
  if (isModern) {
    if (method !== 'server/discover') return undefined
    return { ...COMPLETE, supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }
  }
  if (method === 'ping') return {}
  if (method !== 'initialize') return undefined
  const serverInfo = { name: 'bench-child', version: '1.0.0' }
  return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo }
}

function call(id, { name, arguments: args = {}, _meta: meta = {} }) {
  if (name === 'large' && large.length !== args.bytes) large = 'x'.repeat(args.bytes)
  if (name === 'progress' && meta.progressToken !== undefined) {
    for (let progress = 1; progress <= args.count; progress++) {
      const reported = { progressToken: meta.progressToken, progress, total: args.count }
      say({ jsonrpc: '2.0', method: 'notifications/progress', params: reported })
    }
  }
  const said = name === 'large' ? large : String(args.text ?? 'done')
  say({ jsonrpc: '2.0', id, result: { ...COMPLETE, content: [{ type: 'text', text: said }] } })
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
