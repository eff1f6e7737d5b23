// cli/flags: argv in, what to do out; prints nothing and ends nothing.
import { Command, CommanderError, Option } from 'commander'
import { OPTIONS, type OptionRow } from '../config/options.ts'
import { duration, int } from '../config/fields.ts'
import { BridgeError } from '../errors.ts'

/** By config key, only those given; raw, for `loadConfig`. */
export type Flags = Record<string, unknown>

export type Invocation =
  | { command: 'serve'; flags: Flags; child: string[]; printConfig: boolean; configFile?: string }
  | { command: 'check'; flags: Flags; child: string[]; format: 'table' | 'json'; configFile?: string }
  | { command: 'healthcheck'; flags: HealthcheckFlags }
  | { command: 'help' | 'version'; text: string }

export interface HealthcheckFlags {
  host?: string
  port?: number
  url?: string
  timeoutMs?: number
}

const CHECK_KEYS = new Set<string>(['cwd', 'env', 'envFile', 'passEnv', 'startTimeoutMs', 'maxLineBytes'])
const FORMATS = ['table', 'json'] as const
const SUBCOMMANDS = new Set(['check', 'healthcheck', 'image', 'compose'])
const GENERAL = 'Running'
const HELP_AFTER = `
Commands:
  check [options] -- <command>    Start a command, list what it offers, show what is odd
  healthcheck [options]           Ask a running bridge whether it is ready (exit code 0 or 1)
  image … | compose from <file>   Make an image of a tool; a stack of the tools of an MCP client
* may be repeated. Each option is also a variable (MCP_BRIDGE_MAX_BODY) and a key of the config file (max-body).
Example: mcp-bridge --port 8080 -- npx -y @modelcontextprotocol/server-everything
`

/**
 * `argv` without node and script. Everything after the first `--` is the child's, as it stands.
 *
 * @throws BridgeError `config_invalid`
 */
export function parseArgs(argv: readonly string[], { version }: { version: string }): Invocation {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const own = argv.slice(0, end)
  const child = argv.slice(end + 1)
  const hasChild = end < argv.length
  refuseStdio(own)
  const [name, ...rest] = own
  if (name === 'check') return readCheck(rest, child, hasChild)
  if (name === 'healthcheck') return readHealthcheck(rest, hasChild)
  return readServe(name === 'help' ? ['--help'] : own, child, hasChild, version)
}

function readServe(argv: string[], child: string[], hasChild: boolean, version: string): Invocation {
  const program = createProgram('mcp-bridge', OPTIONS)
    .usage('[options] -- <command> [args...]')
    .description('Serves a stdio MCP tool over HTTP: Streamable HTTP and HTTP+SSE on one port.')
    .addOption(new Option('--print-config', 'Show all values and who set them, then end').helpGroup(GENERAL))
    .addOption(new Option('-v, --version', 'Show the version').helpGroup(GENERAL))
    .addHelpText('after', HELP_AFTER)
  const text = run(program, argv)
  if (text !== undefined) return { command: 'help', text }
  if (program.getOptionValue('version') === true) return { command: 'version', text: `${version}\n` }
  refuseStray(program, hasChild)
  const printConfig = program.getOptionValue('printConfig') === true
  return { command: 'serve', flags: flagsOf(program), child, printConfig, ...configFileOf(program) }
}

function readCheck(argv: string[], child: string[], hasChild: boolean): Invocation {
  const rows = OPTIONS.filter(({ key }) => CHECK_KEYS.has(key))
  const program = createProgram('mcp-bridge check', rows)
    .usage('[options] -- <command> [args...]')
    .description(
      'Starts a command, lists what it offers, shows what is odd, and ends it. (* may be repeated)',
    )
    .addOption(
      new Option('--format <table|json>', 'What to print [table]').choices(FORMATS).helpGroup(GENERAL),
    )
  const text = run(program, argv)
  if (text !== undefined) return { command: 'help', text }
  refuseStray(program, hasChild)
  const format = program.getOptionValue('format') === 'json' ? 'json' : 'table'
  return { command: 'check', flags: flagsOf(program), child, format, ...configFileOf(program) }
}

function readHealthcheck(argv: string[], hasChild: boolean): Invocation {
  const program = bareProgram('mcp-bridge healthcheck', 'Options')
    .description('Asks a running bridge whether it is ready: exit code 0, or 1 and the reason.')
    .optionsGroup('Options')
    .option('--host <address>', 'Where the bridge listens [127.0.0.1]')
    .option('--port <number>', 'Its port [8000]', byField(int(1, 65_535), '--port'))
    .option('--url <url>', 'Its whole URL, instead of both')
    .option('--timeout <time>', 'How long to wait', byField(duration(1), '--timeout'))
  const text = run(program, argv)
  if (text !== undefined) return { command: 'help', text }
  const stray = program.args[0]
  if (stray !== undefined || hasChild)
    throw invalid(`healthcheck takes no command, but got "${stray ?? '--'}"`)
  const { timeout, ...flags } = program.opts<HealthcheckFlags & { timeout?: number }>()
  if (flags.url !== undefined && !/^https?:$/.test(URL.parse(flags.url)?.protocol ?? '')) {
    throw invalid(`flag --url: "${flags.url}" is not a URL`, 'write http://127.0.0.1:8000')
  }
  return { command: 'healthcheck', flags: timeout === undefined ? flags : { ...flags, timeoutMs: timeout } }
}

/** One flag for each row; what they mean is checked later, with variables and file. */
function createProgram(name: string, rows: readonly OptionRow[]): Command {
  const program = bareProgram(name, GENERAL)
  for (const row of rows) {
    const value = row.value === '' ? '' : ` <${row.value}>`
    const fallback = row.default === undefined ? '' : ` [${row.default}]`
    const option = new Option(`${row.flag}${value}`, `${row.help}${fallback}`).helpGroup(row.group)
    if (row.kind === 'list' || row.kind === 'pairs')
      option.argParser((item, items: string[] | undefined) => [...(items ?? []), item])
    program.addOption(option)
  }
  return program.addOption(new Option('--config <file>', 'Options in YAML or JSON').helpGroup(GENERAL))
}

function bareProgram(name: string, group: string): Command {
  return (
    new Command(name)
      .exitOverride()
      .argument('[stray...]')
      // What follows a stray word belongs to it: `mcp-bridge npx -y x` is not about an option -y.
      .passThroughOptions()
      .usage('[options]')
      .addHelpOption(new Option('-h, --help', 'Show this').helpGroup(group))
      .configureHelp({
        visibleArguments: () => [],
        optionDescription: ({ description }) => description,
        helpWidth: 120,
      })
  )
}

/** The help, if it was asked for. */
function run(program: Command, argv: string[]): string | undefined {
  let text = ''
  program.configureOutput({ writeOut: (part) => void (text += part), writeErr: () => undefined })
  try {
    program.parse(argv, { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return text
    const [message = '', hint] = error.message.replace(/^error: /, '').split('\n')
    throw invalid(message, hint?.replace(/^\((.*)\)$/, '$1').replace('Did', 'did'))
  }
}

function flagsOf(program: Command): Flags {
  const given = OPTIONS.map(
    ({ key, flag }) => [key, program.getOptionValue(new Option(flag).attributeName())] as const,
  )
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

function configFileOf(program: Command): { configFile?: string } {
  const file: unknown = program.getOptionValue('config')
  return typeof file === 'string' ? { configFile: file } : {}
}

function refuseStray(program: Command, hasChild: boolean): void {
  const [first] = program.args
  if (first === undefined) return
  if (SUBCOMMANDS.has(first)) throw invalid(`"${first}" must come first`, `write: mcp-bridge ${first} …`)
  if (hasChild)
    throw invalid(`"${first}" before "--" is neither an option nor the value of one`, 'see mcp-bridge --help')
  // The options are not repeated: there may be a token among them.
  const options = Object.values(program.opts()).some((value) => value !== undefined) ? ' [options]' : ''
  throw invalid(
    `put "--" before the command: ${program.name()}${options} -- ${program.args.map(quote).join(' ')}`,
  )
}

/** The habit of supergateway: the command as one text, for a shell. */
function refuseStdio(argv: readonly string[]): void {
  const at = argv.findIndex((arg) => /^--stdio(=|$)/.test(arg))
  if (at === -1) return
  const text = argv[at]?.startsWith('--stdio=') === true ? argv[at].slice('--stdio='.length) : argv[at + 1]
  throw invalid('there is no --stdio: the command goes behind "--"', `mcp-bridge -- ${text ?? '<command>'}`)
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

function quote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`
}

function invalid(message: string, hint?: string): BridgeError {
  return new BridgeError('config_invalid', message, hint === undefined ? {} : { hint })
}
