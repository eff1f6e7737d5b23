// cli/options: what the commands have in common: a flag for each option of the config, and what is no flag.
import { Option, type Command } from 'commander'
import type { OptionRow } from '../config/options.ts'
import { BridgeError } from '../errors.ts'

/** By config key, only those given; raw, for `loadConfig`. */
export type Flags = Record<string, unknown>

/** What stands after the first `--`, as it stands; undefined without one. */
export type Behind = string[] | undefined

/** The group of what is no option of the config. */
export const GENERAL = 'Running'

/** A flag whose value is found under the config key; what it means is checked later, with variables and file. */
class ConfigOption extends Option {
  readonly #key: string

  constructor(row: OptionRow) {
    const value = row.value === '' ? '' : ` <${row.value}>`
    const fallback = row.default === undefined ? '' : ` [${row.default}]`
    super(`${row.flag}${value}`, `${row.help}${fallback}`)
    this.#key = row.key
    this.helpGroup(row.group)
    if (row.kind === 'list' || row.kind === 'pairs')
      this.argParser((item, items: string[] | undefined) => [...(items ?? []), item])
  }

  override attributeName(): string {
    return this.#key
  }
}

/** The options of a command that starts a tool. */
export function addToolOptions(command: Command, rows: readonly OptionRow[]): Command {
  for (const row of rows) command.addOption(new ConfigOption(row))
  // The habit of supergateway: the command as one text, for a shell.
  const stdio = new Option('--stdio [command]').preset('<command>').hideHelp()
  stdio.argParser((text) => {
    throw invalid('there is no --stdio: the command goes behind "--"', `mcp-bridge -- ${text}`)
  })
  return command
    .optionsGroup(GENERAL)
    .option(
      '--config <file>',
      'Options in YAML or JSON (max-body: 1MiB); each is a variable too: MCP_BRIDGE_MAX_BODY',
    )
    .addOption(stdio)
    .usage('[options] -- <command> [args...]')
}

/** Words before the `--` that are neither options nor their values: `mcp-bridge npx -y x`. */
export function refuseStray(command: Command, behind: Behind): void {
  const [first] = command.args
  if (first === undefined) return
  if (behind !== undefined)
    throw invalid(`"${first}" before "--" is neither an option nor the value of one`, 'see mcp-bridge --help')
  const names = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`
  // The options are not repeated: there may be a token among them.
  const options = Object.keys(command.opts()).length > 0 ? ' [options]' : ''
  throw invalid(`put "--" before the command: ${names}${options} -- ${command.args.map(quote).join(' ')}`)
}

/** What is wrong with the words, and what to write instead. */
export function invalid(message: string, hint?: string): BridgeError {
  return new BridgeError('config_invalid', message, hint === undefined ? {} : { hint })
}

function quote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`
}
