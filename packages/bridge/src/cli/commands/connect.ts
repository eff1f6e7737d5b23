// cli/commands/connect: `mcp-bridge connect URL`: an HTTP server as a stdio command, for clients that take only those.
import { Option, type Command } from 'commander'
import { proxyVariables } from '../../config/proxy.ts'
import { visibleLine } from '../../visible.ts'
import { invalid, type Behind } from '../options.ts'

export interface Connect {
  command: 'connect'
  url: URL
  headers: Record<string, string>
  tokenFile: string | undefined
  caFile: string | undefined
}

const GROUP = 'Options'
const EXAMPLE = 'Example: mcp-bridge connect http://tools.lan:8000/mcp --token-file ~/.mcp-token'

export function declareConnect(program: Command, behind: Behind, take: (connect: Connect) => void): void {
  const command = program
    .command('connect')
    .summary('The other way: an HTTP server as a stdio command')
    .description(
      'Talks to a server over Streamable HTTP or HTTP+SSE, and is a stdio tool to whoever starts it. (* may be repeated)',
    )
    .usage('<url> [options]')
    .optionsGroup(GROUP)
    .option('--header <name: value>', 'A header of each request *', (raw, all: string[]) => [...all, raw], [])
    .option('--token-file <file>', 'Holds a token, read anew for each request')
    .option('--ca <file>', 'Certificates (PEM) to trust besides those of Node')
    .addHelpOption(new Option('-h, --help', 'Show this').helpGroup(GROUP))
    .addHelpText('after', EXAMPLE)
    .argument('[url]')
    .argument('[stray...]')
    .passThroughOptions(false)
    .action((raw: string | undefined, stray: string[]) => {
      if (stray.length > 0 || behind !== undefined)
        throw invalid(`connect takes one URL, but got "${stray[0] ?? '--'}" too`)
      const { header, tokenFile, ca } = command.opts<Options>()
      take({
        command: 'connect',
        url: urlOf(raw),
        headers: Object.fromEntries(header.map(pairOf)),
        tokenFile,
        caFile: ca,
      })
    })
}

interface Options {
  header: string[]
  tokenFile?: string
  ca?: string
}

/** Resolves with the exit code once the client has gone. */
export async function runConnect({ url, headers, tokenFile, caFile }: Connect): Promise<0> {
  const { connect } = await import('../../connect/connect.ts')
  const ending = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => ending.abort())
  const proxy = proxyVariables()
  if (proxy !== undefined && !canProxy())
    note(`the proxy variables need Node 22.21 or later; this is ${process.version}, and connects without`)
  await connect({
    url,
    headers,
    tokenFile,
    caFile,
    proxy,
    note,
    input: process.stdin,
    output: process.stdout,
    signal: ending.signal,
  })
  return 0
}

function note(text: string): void {
  process.stderr.write(`mcp-bridge connect: ${visibleLine(text)}\n`)
}

function canProxy(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21)
}

function urlOf(raw: string | undefined): URL {
  if (raw === undefined) throw invalid('connect needs the URL of a server', EXAMPLE)
  const url = URL.parse(raw)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw invalid(`"${visibleLine(raw)}" is not a URL`, 'write http://tools.lan:8000/mcp')
  if (url.username !== '' || url.password !== '')
    throw invalid('a password does not belong into the URL', 'use --header or --token-file')
  return url
}

function pairOf(raw: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/.exec(raw) ?? []
  if (name === undefined || value === undefined || /[^\t\u0020-\u00ff]/.test(value))
    throw invalid('flag --header: not "Name: value"', 'write --header "X-Team: home"')
  return [name.toLowerCase(), value]
}
