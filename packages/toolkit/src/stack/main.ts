// stack/main: the program of the toolbox, which the shell scripts of compose/ start in a container; /stack is their folder.
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { errorText, messageOf, ToolkitError } from '../errors.ts'
import { printableLines } from '../printable.ts'
import { namedTools, toolNamed } from './compose-config.ts'
import { parseFacts } from './facts.ts'
import { isAllWell, json, table } from './finding.ts'
import { Folder } from './folder.ts'
import { Gateway } from './gateway.ts'
import { addPerson, removePerson } from './people/add.ts'
import { settings } from './people/settings.ts'
import { parseGrants } from './people/grants.ts'
import { changeTools } from './tools/command.ts'
import { readTools } from './tools/expected.ts'
import { SELFTEST } from './verify/model.ts'
import { verify } from './verify/verify.ts'

const folder = new Folder(process.env['MCP_STACK'] ?? '/stack')
const catalogue = new Folder(process.env['MCP_CATALOGUE'] ?? '/opt/mcp-bridge/catalogue')
const url = process.env['LITELLM_URL'] ?? 'http://litellm:4000'
const masterKey = process.env['LITELLM_MASTER_KEY']

/** Services that the shell has to restart, one a line: this program has no access to Docker. */
const RESTART = ['run', 'restart'] as const

const commands: Record<string, (args: string[]) => Promise<number>> = {
  verify: verifyStack,
  key,
  'add-user': addUser,
  tools,
}

async function verifyStack(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean' }, 'from-lan': { type: 'string' }, only: { type: 'string' } },
  })
  const facts = parseFacts(await text(process.stdin))
  const all = readTools(folder, catalogue, facts.get('compose') ?? '')
  const only = values.only === undefined ? undefined : toolNamed(values.only, all).service
  const isFromLan = values['from-lan'] !== undefined
  const findings = await verify({
    url: values['from-lan'] ?? url,
    masterKey: isFromLan ? undefined : masterKey,
    key: isFromLan ? process.env['LITELLM_KEY'] : undefined,
    tools: all,
    only,
    facts,
  })
  print((values.json === true ? json : table)(findings))
  return isAllWell(findings) ? 0 : 1
}

/** A key for a verification from the LAN, which has no master key: `key make`, and `key drop` with the key on stdin. */
async function key([verb]: string[]): Promise<number> {
  const gateway = new Gateway(url, masterKey)
  if (verb === 'make') print(await gateway.generateKey({ models: [SELFTEST], duration: '30m' }))
  else await gateway.deleteKeys({ keys: [(await text(process.stdin)).trim()] })
  return 0
}

async function addUser(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      remove: { type: 'boolean' },
      tools: { type: 'string', multiple: true },
      models: { type: 'string', multiple: true },
      url: { type: 'string' },
    },
  })
  const [name] = positionals
  if (name === undefined || positionals.length > 1)
    throw new ToolkitError('add-user takes one name', { hint: 'write ./add-user alice' })
  const tools = namedTools(parseFacts(await text(process.stdin)).get('compose') ?? '')
  const gateway = new Gateway(url, masterKey)
  folder.remove(...RESTART)
  if (values.remove === true) {
    const { found, restart } = await removePerson(folder, gateway, tools, name)
    folder.write(restart.map((service) => `${service}\n`).join(''), ...RESTART)
    print(found ? `${name} is out: the key and all tokens are gone.` : `Nobody here is called ${name}.`)
    return found ? 0 : 1
  }
  const { credentials, restart } = await addPerson(folder, gateway, tools, {
    name,
    grants: parseGrants(values.tools ?? [], tools),
    models: (values.models ?? []).flatMap((list) => list.split(',')),
    url: `${(values.url ?? (process.env['LAN_URL'] || url)).replace(/\/(mcp\/?)?$/, '')}/mcp/`,
  })
  folder.write(restart.map((service) => `${service}\n`).join(''), ...RESTART)
  print(settings(credentials))
  return 0
}

async function tools(args: string[]): Promise<number> {
  const facts = parseFacts(await text(process.stdin))
  const said = await changeTools(args, { folder, catalogue, facts })
  if (said !== '') print(said)
  return 0
}

function print(said: string): void {
  process.stdout.write(`${printableLines(said)}\n`)
}

async function main([command = '', ...args]: string[]): Promise<number> {
  const run = commands[command]
  if (run === undefined) throw new ToolkitError(`there is no command "${command}"`)
  return run(args)
}

/** Any error is shown as a sentence, also one of `parseArgs`: the operator sees nothing else of this program. */
function textOf(error: unknown): string {
  return error instanceof ToolkitError ? errorText(error) : `${messageOf(error)}\n`
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(printableLines(textOf(error)))
    process.exitCode = 2
  },
)
