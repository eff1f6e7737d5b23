// cli/commands/healthcheck: `mcp-bridge healthcheck`: whether a running bridge is ready; an exit code for containers.
import type { IncomingMessage } from 'node:http'
import { Option, type Command } from 'commander'
import { duration, int } from '../../config/fields.ts'
import { loadAddress } from '../../config/load.ts'
import { connectableHost } from '../../config/loopback.ts'
import { visibleLines } from '../../visible.ts'
import { invalid, type Behind } from '../options.ts'

export interface Healthcheck {
  command: 'healthcheck'
  flags: { host?: string; port?: number; url?: string; timeoutMs?: number }
}

const GROUP = 'Options'
const TIMEOUT_MS = 5000

export function declareHealthcheck(
  program: Command,
  behind: Behind,
  take: (healthcheck: Healthcheck) => void,
): void {
  const command = program
    .command('healthcheck')
    .summary('Ask a running bridge whether it is ready (exit code 0 or 1)')
    .description('Asks a running bridge whether it is ready: exit code 0, or 1 and the reason.')
    .usage('[options]')
    .optionsGroup(GROUP)
    .option('--host <address>', 'Where the bridge listens [127.0.0.1]')
    .option('--port <number>', 'Its port [8000]', byField(int(1, 65_535), '--port'))
    .option('--url <url>', 'Its whole URL, instead of both', url)
    .option('--timeout <time>', 'How long to wait', byField(duration(1), '--timeout'))
    .addHelpOption(new Option('-h, --help', 'Show this').helpGroup(GROUP))
    .argument('[stray...]')
    .passThroughOptions()
    .action(([stray]: string[]) => {
      if (stray !== undefined || behind !== undefined)
        throw invalid(`healthcheck takes no command, but got "${stray ?? '--'}"`)
      const { timeout, ...flags } = command.opts<Options>()
      take({
        command: 'healthcheck',
        flags: timeout === undefined ? flags : { ...flags, timeoutMs: timeout },
      })
    })
}

interface Options extends Omit<Healthcheck['flags'], 'timeoutMs'> {
  timeout?: number
}

/** The address of the bridge beside us, from the same variables and file; its command does not matter. */
export async function runHealthcheck({ flags }: Healthcheck): Promise<0 | 1> {
  const { url, timeoutMs = TIMEOUT_MS, ...address } = flags
  const { host, port } = loadAddress({ flags: { ...address, insecure: true } })
  const target = url ?? `http://${connectableHost(host)}:${port}/readyz`
  const { code, text } = await askReady(target, timeoutMs)
  process.stdout.write(`${visibleLines(text).join('\n')}\n`)
  return code
}

/** 0: a session can be opened; 1: not, or nobody answers. */
async function askReady(target: string, timeoutMs: number): Promise<{ code: 0 | 1; text: string }> {
  try {
    const { status, body } = await ask(target, timeoutMs)
    const text = body.trim()
    return status < 400 ? { code: 0, text } : { code: 1, text: text || `status ${status}` }
  } catch (error) {
    const { code, cause = error } = error as { code?: string; cause?: unknown }
    const why = code === undefined || code === 'ABORT_ERR' ? (cause as Error).message : code
    return { code: 1, text: `no answer from ${target} (${why})` }
  }
}

/** Not with `fetch`, whose loading takes a third of the time of a check, and it runs every few seconds. */
async function ask(target: string, timeoutMs: number): Promise<{ status: number; body: string }> {
  const { get } = target.startsWith('https:') ? await import('node:https') : await import('node:http')
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(target, { agent: false, signal }, resolve).on('error', reject)
  })
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += String(chunk)
  return { status: response.statusCode ?? 500, body }
}

function byField<T>(
  field: { safeParse(raw: string): { data?: T; error?: { issues: { message: string }[] } } },
  flag: string,
) {
  return (raw: string): T => {
    const { data, error } = field.safeParse(raw)
    if (data === undefined) throw invalid(`flag ${flag}: ${error?.issues[0]?.message ?? 'is wrong'}`)
    return data
  }
}

function url(raw: string): string {
  if (/^https?:$/.test(URL.parse(raw)?.protocol ?? '')) return raw
  throw invalid(`flag --url: "${raw}" is not a URL`, 'write http://127.0.0.1:8000')
}
