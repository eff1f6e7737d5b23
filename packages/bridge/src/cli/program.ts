// cli/program: one program of several commands: argv in, what to do out; prints nothing and ends nothing.
import { Command, CommanderError, Option } from 'commander'
import { declareCheck, type Check } from './commands/check.ts'
import { declareConnect, type Connect } from './commands/connect.ts'
import { declareHealthcheck, type Healthcheck } from './commands/healthcheck.ts'
import { declareServe, type Serve } from './commands/serve.ts'
import { declareServers, type Servers } from './commands/servers.ts'
import { declareTools, type Tools } from './commands/tools.ts'
import { declareToolkit, type Toolkit } from './commands/toolkit.ts'
import { GENERAL, invalid } from './options.ts'
import type { BridgeError } from '../errors.ts'

export type Invocation =
  | Serve
  | Check
  | Servers
  | Healthcheck
  | Tools
  | Connect
  | Toolkit
  | { command: 'help' | 'version'; text: string }

/**
 * `argv` without node and script. Everything after the first `--` is the child's, as it stands: cut off here, since
 * commander does not tell whether it saw one, and would take the child `check` for the command.
 *
 * @throws BridgeError `config_invalid`
 */
export function parseArgs(argv: readonly string[], { version }: { version: string }): Invocation {
  const end = argv.indexOf('--')
  const [own, behind] = end === -1 ? [argv, undefined] : [argv.slice(0, end), argv.slice(end + 1)]
  let invocation: Invocation | undefined
  const take = (taken: Invocation) => void (invocation = taken)
  let text = ''
  const program = createProgram()
    .configureOutput({ writeOut: (part) => void (text += part), outputError: () => {} })
    .hook('preSubcommand', refuseLate)
  declareServe(program, behind, take)
  program.version(version, '-v, --version', 'Show the version')
  declareCheck(program, behind, take)
  declareServers(program, behind, take)
  declareConnect(program, behind, take)
  declareHealthcheck(program, behind, take)
  declareTools(program, behind, take)
  declareToolkit(program, behind, take)
  try {
    program.parse(own, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) throw refusal(error)
    return { command: error.code === 'commander.version' ? 'version' : 'help', text }
  }
  // Each command takes, or throws.
  return invocation as Invocation
}

function createProgram(): Command {
  const program = new Command('mcp-bridge')
    .exitOverride()
    // What follows a command, or a stray word, belongs to it: `mcp-bridge npx -y x` is not about an option -y.
    .enablePositionalOptions()
    .addHelpOption(new Option('-h, --help', 'Show this').helpGroup(GENERAL))
    .configureHelp({
      visibleArguments: () => [],
      optionDescription: ({ description }) => description,
      subcommandTerm: (command) => command.name(),
      helpWidth: 120,
    })
  program
    .command('help', { hidden: true })
    .argument('[command]')
    .action((name?: string) => {
      program.parse(name === undefined ? ['--help'] : [name, '--help'], { from: 'user' })
    })
  return program
}

/** `mcp-bridge --port 80 check`: whether the option was meant for check is not guessed. */
function refuseLate(program: Command, command: Command): void {
  if (Object.keys(program.opts()).length === 0) return
  throw invalid(`"${command.name()}" must come first`, `write: mcp-bridge ${command.name()} …`)
}

/** Commander writes `error: what is wrong`, and on a second line `(Did you mean --port?)`. */
function refusal({ message }: CommanderError): BridgeError {
  const [problem = '', advice] = message.slice('error: '.length).split('\n')
  return invalid(problem, advice && `did ${advice.slice('(Did '.length, -1)}`)
}
