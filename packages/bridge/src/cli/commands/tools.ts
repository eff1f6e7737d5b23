// cli/commands/tools: `mcp-bridge tools diff` and `tools accept`: what tools say against what was accepted of them.
import { Option, type Command } from 'commander'
import { loadConfig } from '../../config/load.ts'
import { OPTIONS } from '../../config/options.ts'
import { toBridgeError } from '../../errors.ts'
import { excerpt, visible } from '../../visible.ts'
import { shownJson } from '../check-report.ts'
import { addToolOptions, invalid, refuseStray, type Behind, type Flags } from '../options.ts'
import { CHECK_KEYS } from './check.ts'

export interface Tools {
  command: 'tools'
  verb: 'diff' | 'accept'
  flags: Flags
  child: string[]
  format: 'table' | 'json'
  configFile?: string
  /** One of several servers. */
  name?: string
  /** These tools alone. */
  only?: string[]
}

interface Options extends Flags {
  config?: string
  format?: Tools['format']
  tool?: string[]
}

const USAGE = {
  diff:
    'Starts a command, or each of several servers, and shows what differs from the tools that were accepted. ' +
    'Exit code 0: nothing; 1: something; 2: an option or the file of accepted tools is wrong; 3: a server could not be asked. (* may be repeated)',
  accept:
    'The same, and writes what differs into the file of accepted tools. A bridge that runs takes it over by itself. ' +
    'Exit code 0: accepted, or nothing differs; 2: an option or the file is wrong; 3: a server could not be asked. (* may be repeated)',
} as const

export function declareTools(program: Command, behind: Behind, take: (tools: Tools) => void): void {
  const tools = program
    .command('tools')
    .summary('Show or accept what has changed in the tools of a command')
    .description('Compares tools with the file of those that were accepted: --tools-lock.')
  for (const verb of ['diff', 'accept'] as const) {
    const command = tools.command(verb).summary(SUMMARY[verb]).description(USAGE[verb])
    addToolOptions(
      command,
      OPTIONS.filter(({ key }) => key === 'toolsLock' || CHECK_KEYS.has(key)),
    )
      .addOption(new Option('--format <table|json>', 'What to print [table]').choices(['table', 'json']))
      .usage(
        `[options] -- <command> [args...]\n       mcp-bridge tools ${verb} [options] --servers <file> [name]`,
      )
      .argument('[stray...]')
      .passThroughOptions()
      .action(() => {
        const { config, format = 'table', tool, ...flags } = command.opts<Options>()
        const hasServers = (flags['servers'] ?? config) !== undefined && behind === undefined
        const [name, ...others] = command.args
        if (!hasServers || others.length > 0) refuseStray(command, behind)
        const rest = {
          ...(config !== undefined && { configFile: config }),
          ...(name !== undefined && { name }),
          ...(tool !== undefined && { only: tool }),
        }
        take({ command: 'tools', verb, flags, child: behind ?? [], format, ...rest })
      })
    if (verb === 'accept')
      command.option('--tool <name>', 'Accept this tool alone *', (tool, tools: string[] | undefined) => [
        ...(tools ?? []),
        tool,
      ])
  }
}

const SUMMARY = { diff: 'Show what differs', accept: 'Accept what differs' } as const

/** Gives the exit code. */
export async function runTools(tools: Tools): Promise<0 | 1 | 3> {
  const { verb, flags, child, format, configFile, name } = tools
  const { config } = await loadConfig({ flags: { ...flags, insecure: true }, command: child, configFile })
  const { accept, acceptedAt, compared, differenceText, lockedIn } = await import('../tool-locks.ts')
  const { readTools } = await import('../../server/create.ts')
  const only = tools.only === undefined ? undefined : new Set(tools.only)
  const found: object[] = []
  let code: 0 | 1 | 3 = 0
  for (const locked of lockedIn(config, { name })) {
    const { server, path } = locked
    const accepted = acceptedAt(locked)
    const present = await readTools(locked.config).catch((thrown: unknown) => toBridgeError(thrown))
    if (present instanceof Error) {
      code = 3
      found.push({ server, error: { code: present.code, message: present.message } })
      const whose = server === '' ? '' : `${excerpt(server)}: `
      process.stderr.write(`mcp-bridge: ${whose}${visible(present.message)}\n`)
      continue
    }
    const changes = compared(accepted, present).filter(({ tool }) => only?.has(tool) ?? true)
    for (const wanted of only ?? [])
      if (!changes.some(({ tool }) => tool === wanted))
        throw invalid(`${excerpt(wanted)} does not differ from what was accepted`)
    if (format === 'table') process.stdout.write(differenceText(server, changes))
    found.push({
      server,
      file: path,
      changes: changes.map(({ tool, kind, lines, odd }) => ({ tool, change: kind, lines, odd })),
    })
    if (verb === 'accept' && (changes.length > 0 || accepted === undefined)) accept(locked, present, only)
    else if (changes.length > 0 && code === 0) code = 1
  }
  if (format === 'json') process.stdout.write(shownJson({ servers: found }))
  return code
}
