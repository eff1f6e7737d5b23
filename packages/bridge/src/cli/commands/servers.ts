// cli/commands/servers: `mcp-bridge servers`: what becomes of each entry of a file; nothing is started.
import { Option, type Command } from 'commander'
import type { Config, Server } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { excerpt } from '../../visible.ts'
import { shownJson } from '../check-report.ts'
import { invalid, type Behind } from '../options.ts'
import { aligned, isToMend, nameCell, reasonLines, summary } from '../server-rows.ts'

export interface Servers {
  command: 'servers'
  files: string[]
  format: 'table' | 'json'
  configFile?: string
}

const GROUP = 'Options'
const COMMAND_WIDTH = 60

export function declareServers(program: Command, behind: Behind, take: (servers: Servers) => void): void {
  const command = program
    .command('servers')
    .summary('Show what becomes of each entry of a file of servers')
    .description(
      "Shows what --servers makes of each entry of MCP clients' files, or of servers: in a config file. Nothing is started. " +
        'Exit code 1 if an entry is wrong or lacks a variable.',
    )
    .usage('[options] [file...]')
    .optionsGroup(GROUP)
    .option('--config <file>', 'Options in YAML or JSON, with servers: in it')
    .addOption(new Option('--format <table|json>', 'What to print [table]').choices(['table', 'json']))
    .addHelpOption(new Option('-h, --help', 'Show this').helpGroup(GROUP))
    .argument('[file...]')
    .action((files: string[]) => {
      if (behind !== undefined) throw invalid('servers takes files and no command')
      const { config, format = 'table' } = command.opts<{ config?: string; format?: Servers['format'] }>()
      const configFile = config === undefined ? {} : { configFile: config }
      take({ command: 'servers', files, format, ...configFile })
    })
}

/** Gives the exit code. */
export async function runServers({ files, format, configFile }: Servers): Promise<0 | 1> {
  const flags = { insecure: true, ...(files.length > 0 && { servers: files }) }
  const { config, warnings } = await loadConfig({ flags, configFile })
  if (config.servers === undefined) throw invalid('name a file of servers', 'mcp-bridge servers .mcp.json')
  const text = format === 'json' ? asJson(config.servers, warnings) : asTable(config.servers, warnings)
  process.stdout.write(text)
  return Object.values(config.servers).some(isToMend) ? 1 : 0
}

function asTable(servers: NonNullable<Config['servers']>, warnings: readonly string[]): string {
  const all = Object.entries(servers)
  const [head = '', ...rows] = aligned([
    ['name', 'state', 'address', 'command'],
    ...all.map(([name, server]) => [nameCell(name), server.state, addressOf(server), commandOf(server)]),
  ])
  const lines = all.flatMap(([, server], i) => [rows[i] ?? '', ...reasonLines(server)])
  const said = warnings.map((warning) => excerpt(warning))
  return [
    ...(all.length === 0 ? [] : [head, ...lines, '']),
    summary(Object.values(servers)),
    ...said,
    '',
  ].join('\n')
}

function addressOf({ config, url }: Server): string {
  return config?.mcpPath ?? excerpt(url ?? '-', COMMAND_WIDTH)
}

function commandOf({ shown = '' }: Server): string {
  return excerpt(shown, COMMAND_WIDTH)
}

function asJson(servers: NonNullable<Config['servers']>, warnings: readonly string[]): string {
  const all = Object.entries(servers).map(([name, { config, shown, ...server }]) => ({
    name,
    ...server,
    command: shown,
    ...(config !== undefined && {
      paths: { mcp: config.mcpPath, sse: config.ssePath, messages: config.messagePath },
    }),
  }))
  return shownJson({ servers: all, warnings })
}
