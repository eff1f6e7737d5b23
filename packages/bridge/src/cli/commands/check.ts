// cli/commands/check: `mcp-bridge check`: starts a tool once and prints what it is.
import { Option, type Command } from 'commander'
import { loadConfig } from '../../config/load.ts'
import { OPTIONS } from '../../config/options.ts'
import { toBridgeError, type BridgeError } from '../../errors.ts'
import { MODERN_REVISION } from '../../rpc/revisions.ts'
import type { Inspection } from '../../tool/inspect.ts'
import { excerpt, visible, visibleJson } from '../../visible.ts'
import { addToolOptions, refuseStray, type Behind, type Flags } from '../options.ts'

export interface Check {
  command: 'check'
  flags: Flags
  child: string[]
  format: 'table' | 'json'
  configFile?: string
}

const KEYS = new Set<string>(['cwd', 'env', 'envFile', 'passEnv', 'startTimeoutMs', 'maxLineBytes'])
const NAME_WIDTH = 34
const TEXT_WIDTH = 80

export function declareCheck(program: Command, behind: Behind, take: (check: Check) => void): void {
  const command = program
    .command('check')
    .summary('Start a command, list what it offers, show what is odd')
    .description(
      'Starts a command, lists what it offers, shows what is odd, and ends it. (* may be repeated)',
    )
  addToolOptions(
    command,
    OPTIONS.filter(({ key }) => KEYS.has(key)),
  )
    .addOption(new Option('--format <table|json>', 'What to print [table]').choices(['table', 'json']))
    .argument('[stray...]')
    .passThroughOptions()
    .action(() => {
      refuseStray(command, behind)
      const { config, format = 'table', ...flags } = command.opts<Options>()
      const configFile = config === undefined ? {} : { configFile: config }
      take({ command: 'check', flags, child: behind ?? [], format, ...configFile })
    })
}

interface Options extends Flags {
  config?: string
  format?: Check['format']
}

/** Nothing listens here: what guards a listener does not matter. */
export async function runCheck({ flags, child, format, configFile }: Check): Promise<void> {
  const { config } = await loadConfig({ flags: { ...flags, insecure: true }, command: child, configFile })
  const { inspect } = await import('../../server/create.ts')
  let report: Inspection
  try {
    report = await inspect(config)
  } catch (thrown) {
    if (format === 'json') process.stdout.write(failureJson(toBridgeError(thrown)))
    throw thrown
  }
  const text =
    format === 'json' ? `${visibleJson(JSON.stringify(report, undefined, 2))}\n` : checkTable(report)
  process.stdout.write(text)
}

/** `cause` is a row of child/diagnosis. */
function failureJson({ code, message, hint, data }: BridgeError): string {
  const { cause, stderr } = data ?? {}
  return `${visibleJson(JSON.stringify({ error: { code, message, hint, cause, stderr } }, undefined, 2))}\n`
}

/** Made for looking at a strange tool: nothing that it says of itself reaches the terminal as anything but text. */
function checkTable(report: Inspection): string {
  const warnings = report.warnings.map(visible)
  return [
    `${excerpt(report.name)} ${excerpt(report.version)}, protocol ${excerpt(report.protocolVersion)}`,
    eras(report),
    `start ${report.startMs} ms, memory ${Math.round(report.memoryBytes / 2 ** 20)} MiB in ${report.processes} process${report.processes === 1 ? '' : 'es'}`,
    `capabilities: ${report.capabilities.map((each) => excerpt(each)).join(', ') || 'none'}`,
    ...list('tools', report.tools),
    ...list('resources', report.resources),
    ...list('prompts', report.prompts),
    '',
    `recommended: ${report.recommended.options} (${report.recommended.why})`,
    '',
    ...(warnings.length === 0 ? ['nothing odd'] : ['odd:', ...warnings.map((each) => `  - ${each}`)]),
    '',
  ].join('\n')
}

/** Whom it understands itself, and for whom the bridge translates. */
function eras({ protocolVersion, revisions }: Inspection): string {
  if (revisions.length > 1) return `speaks ${revisions.join(' and ')}: each client is served in its own`
  return protocolVersion === MODERN_REVISION
    ? 'older clients, which begin with initialize, are translated'
    : `clients of ${MODERN_REVISION} are translated`
}

function list(title: string, rows: readonly { name: string; description: string }[]): string[] {
  if (rows.length === 0) return []
  return [
    '',
    `${title} (${rows.length})`,
    ...rows.map(({ name, description }) =>
      `  ${excerpt(name).padEnd(NAME_WIDTH)} ${firstLine(description)}`.trimEnd(),
    ),
  ]
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split(/\r?\n/, 1)
  return excerpt(line, TEXT_WIDTH)
}
