// wires/verbatim: a child that writes exactly the lines a test gives it, and tells every line it has received.
import { appendFileSync } from 'node:fs'

const heard: string[] = []
const record = process.argv[2]
let unfinished = ''

process.stdin.setEncoding('utf8').on('data', (text: string) => {
  // Only LF ends a line: readline would cut at U+2028 and at a lone CR too.
  const lines = (unfinished + text).split('\n')
  unfinished = lines.pop() ?? ''
  for (const line of lines) take(line)
})

function take(line: string): void {
  heard.push(line)
  if (record !== undefined) appendFileSync(record, `${line}\n`)
  const { id, method, params } = JSON.parse(line)
  const answer = (body: object): void => put(JSON.stringify({ jsonrpc: '2.0', id, ...body }))
  if (method === 'initialize') initialize(params, answer)
  else if (method === 'tools/list') answer({ result: { tools: [] } })
  else if (method === 'tools/call') call(params, String(id), answer)
  else if (id !== undefined && method !== undefined) answer({ error: { code: -32601, message: 'unknown' } })
}

function initialize({ protocolVersion, clientInfo }: any, answer: (body: object) => void): void {
  // The name of the client says what it gets: the refusal of a server, silence, an older revision, an odd one.
  const { name } = clientInfo
  if (name === 'refuse') return answer({ error: { code: -32602, message: 'not you' } })
  if (name === 'silence') return
  const version = name.startsWith('answer ') ? name.slice(7) : protocolVersion
  const serverInfo = { name: 'verbatim', version: '1' }
  answer({ result: { protocolVersion: version, capabilities: { tools: {} }, serverInfo } })
}

function call({ name, arguments: args, _meta }: any, id: string, answer: (body: object) => void): void {
  if (name === 'heard') answer({ result: { lines: heard } })
  if (name === 'say') {
    const filled = (line: string): string =>
      line.replaceAll('$ID', id).replaceAll('$TOKEN', String(_meta?.progressToken))
    for (const line of args.lines) put(filled(line))
  }
}

function put(line: string): void {
  process.stdout.write(`${line}\n`)
}
