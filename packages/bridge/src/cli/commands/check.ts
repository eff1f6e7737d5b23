// cli/commands/check: `mcp-bridge check`: starts a tool once and prints what it is.
import { Option, type Command } from 'commander'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { OPTIONS } from '../../config/options.ts'
import { toBridgeError } from '../../errors.ts'
import { checkTable, failureOf, shownJson } from '../check-report.ts'
import { addToolOptions, invalid, refuseStray, type Behind, type Flags } from '../options.ts'

export interface Check {
  command: 'check'
  flags: Flags
  child: string[]
  format: 'table' | 'json'
  configFile?: string
  /** One of several servers, to look at it alone. */
  name?: string
  /** File of the tools that were accepted: what is not in it yet is recorded. */
  lock?: string
}

/** Options of a command that starts a tool to look at it. */
export const CHECK_KEYS = new Set<string>([
  'cwd',
  'env',
  'envFile',
  'passEnv',
  'startTimeoutMs',
  'maxLineBytes',
  'servers',
])

export function declareCheck(program: Command, behind: Behind, take: (check: Check) => void): void {
  const command = program
    .command('check')
    .summary('Start a command, list what it offers, show what is odd')
    .description(
      'Starts a command, lists what it offers, shows what is odd, and ends it; with --servers each of several: exit code 1 ' +
        'if one fails. (* may be repeated)',
    )
  addToolOptions(
    command,
    OPTIONS.filter(({ key }) => CHECK_KEYS.has(key)),
  )
    .addOption(new Option('--format <table|json>', 'What to print [table]').choices(['table', 'json']))
    .option('--lock <file>', 'Record the tools in this file as accepted; exit code 1 if they differ from it')
    .usage('[options] -- <command> [args...]\n       mcp-bridge check [options] --servers <file> [name]')
    .argument('[stray...]')
    .passThroughOptions()
    .action(() => {
      const { config, format = 'table', lock, ...flags } = command.opts<Options>()
      const hasServers = (flags['servers'] ?? config) !== undefined && behind === undefined
      const [name, ...others] = command.args
      if (!hasServers || others.length > 0) refuseStray(command, behind)
      const configFile = config === undefined ? {} : { configFile: config }
      const one = name === undefined ? {} : { name }
      const record = lock === undefined ? {} : { lock }
      take({ command: 'check', flags, child: behind ?? [], format, ...configFile, ...one, ...record })
    })
}

interface Options extends Flags {
  config?: string
  format?: Check['format']
  lock?: string
}

/** Gives the exit code. Nothing listens here: what guards a listener does not matter. */
export async function runCheck(check: Check): Promise<0 | 1> {
  const { flags, child, format, configFile, name, lock } = check
  const { config } = await loadConfig({ flags: { ...flags, insecure: true }, command: child, configFile })
  if (config.servers === undefined && name !== undefined)
    throw invalid(
      `there are no servers, and so no "${name}"`,
      'name their file with --servers; a command goes behind "--"',
    )
  if (config.servers !== undefined && name === undefined) {
    const { checkServers } = await import('../check-servers.ts')
    const code = await checkServers(config.servers, format)
    return lock !== undefined && (await recorded(config, lock)) === 1 ? 1 : code
  }
  await checkOne(name === undefined ? config : configOf(name, config.servers ?? {}), format)
  return lock === undefined ? 0 : recorded(config, lock, name)
}

async function recorded(config: Config, path: string, name?: string): Promise<0 | 1> {
  const { record } = await import('../tool-locks.ts')
  return record(config, path, name)
}

async function checkOne(config: Config, format: Check['format']): Promise<void> {
  const { inspect } = await import('../../server/create.ts')
  try {
    const report = await inspect(config)
    process.stdout.write(format === 'json' ? shownJson(report) : checkTable(report))
  } catch (thrown) {
    if (format === 'json') process.stdout.write(shownJson(failureOf(toBridgeError(thrown))))
    throw thrown
  }
}

function configOf(name: string, servers: NonNullable<Config['servers']>): Config {
  const server = Object.hasOwn(servers, name) ? servers[name] : undefined
  if (server === undefined)
    throw invalid(
      `there is no server ${JSON.stringify(name)}`,
      `there are ${Object.keys(servers).join(', ')}`,
    )
  if (server.config !== undefined) return server.config
  throw invalid(`${name} is ${server.state}: ${server.reason ?? `it runs at ${server.url}`}`)
}
