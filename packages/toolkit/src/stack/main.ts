// stack/main: the program of the toolbox, which the shell scripts of compose/ start in a container; /stack is their folder.
import { text } from 'node:stream/consumers'
import { Argument, Command, CommanderError } from 'commander'
import { errorText, messageOf, ToolkitError } from '../errors.ts'
import { printableLines } from '../printable.ts'
import { namedTools, toolNamed } from './compose-config.ts'
import { parseFacts } from './facts.ts'
import { isAllWell, json, table } from './finding.ts'
import { Folder } from './folder.ts'
import { Gateway } from './gateway.ts'
import { addPeopleCommand, type PeopleContext } from './people/command.ts'
import { addToolsCommand } from './tools/command.ts'
import { readTools } from './tools/expected.ts'
import { SELFTEST } from './verify/model.ts'
import { verify } from './verify/verify.ts'

const folder = new Folder(process.env['MCP_STACK'] ?? '/stack')
const catalogue = new Folder(process.env['MCP_CATALOGUE'] ?? '/opt/mcp-bridge/catalogue')
const url = process.env['LITELLM_URL'] ?? 'http://litellm:4000'
const masterKey = process.env['LITELLM_MASTER_KEY']
const gateway = new Gateway(url, masterKey)

/** What the shell saw, on stdin. */
const facts = async () => parseFacts(await text(process.stdin))

/** What `./add-user` needs to know. */
async function people(): Promise<PeopleContext> {
  const tools = namedTools((await facts()).get('compose') ?? '')
  return { folder, gateway, tools, lanUrl: process.env['LAN_URL'] || url }
}

interface VerifyOptions {
  json?: boolean
  fromLan?: string
  only?: string
}

async function verifyStack(options: VerifyOptions): Promise<void> {
  const seen = await facts()
  const all = readTools(folder, catalogue, seen.get('compose') ?? '')
  const only = options.only === undefined ? undefined : toolNamed(options.only, all).service
  const isFromLan = options.fromLan !== undefined
  const findings = await verify({
    url: options.fromLan ?? url,
    masterKey: isFromLan ? undefined : masterKey,
    key: isFromLan ? process.env['LITELLM_KEY'] : undefined,
    tools: all,
    only,
    facts: seen,
  })
  end((options.json === true ? json : table)(findings), isAllWell(findings) ? 0 : 1)
}

/** A key for a verification from the LAN, which has no master key: `key make`, and `key drop` with the key on stdin. */
async function key(verb: string): Promise<void> {
  if (verb === 'make') end(await gateway.generateKey({ models: [SELFTEST], duration: '30m' }))
  else await gateway.deleteKeys({ keys: [(await text(process.stdin)).trim()] })
}

function end(said: string, code = 0): void {
  process.stdout.write(`${printableLines(said)}\n`)
  process.exitCode = code
}

function program(): Command {
  const toolbox = new Command('toolbox').exitOverride().helpOption(false).helpCommand(false)
  toolbox
    .command('verify')
    .option('--json')
    .option('--from-lan <url>')
    .option('--only <service>')
    .action(verifyStack)
  toolbox
    .command('key')
    .addArgument(new Argument('<verb>').choices(['make', 'drop']))
    .action(key)
  addPeopleCommand(toolbox, people, end)
  addToolsCommand(toolbox, async () => ({ folder, catalogue, facts: await facts(), gateway }), end)
  return toolbox
}

/** Any error is shown as a sentence: the operator sees nothing else of this program. */
function textOf(error: unknown): string {
  return error instanceof ToolkitError ? errorText(error) : `${messageOf(error)}\n`
}

program()
  .parseAsync()
  .catch((error: unknown) => {
    // Commander has said what is wrong with the words.
    if (!(error instanceof CommanderError)) process.stderr.write(printableLines(textOf(error)))
    process.exitCode = 2
  })
