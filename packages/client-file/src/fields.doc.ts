// fields.doc: writes docs/CLIENT-FILES.md; run by `pnpm run generate`.
import { writeFileSync } from 'node:fs'
import { CLIENTS, type Client, type ClientName } from './clients.ts'
import { FIELDS, type Fate, type Field, type Meaning } from './fields.ts'

const FATES: Record<Fate, string> = {
  carried: 'carried over',
  asked: 'asked for',
  dropped: 'named as dropped',
}
/** What `mcp-bridge --servers` makes of it. */
const SERVED: Record<Meaning, string> = {
  command:
    'Started as it is; one that begins with ./ from `cwd`, else from the folder of the project, else of the file',
  args: 'Handed on as they are',
  env: 'Set for this tool',
  envFile: 'Read from the folder of the project; one that is not there makes the entry wrong',
  envNames: 'Taken from the environment of the bridge; one that is not set switches the entry off',
  secretNames: 'Taken from the environment of the bridge; one that is not set switches the entry off',
  cwd: 'The folder of the process; without it that of the project, if the place of the file tells it',
  url: 'Listed as remote, and left to the clients',
  httpUrl: 'Listed as remote, and left to the clients',
  headers: 'Left to the clients',
  headerNames: 'Left to the clients',
  bearerName: 'Left to the clients',
  type: 'Tells a program from an address',
  source: 'custom is read; an extension of Zed has no program to start',
  enabled: 'false: not served, and said so',
  disabled: 'true: not served, and said so',
  allow: 'Only these are offered, by these names: a star in one is a star',
  deny: 'These are not offered, by these names: a star in one is a star',
  options: 'Of it toolFilter, as the lists above; all else is named',
}
const clients = Object.entries(CLIENTS) as [ClientName, Client][]
const code = (text: string): string => `\`${text}\``

const lines = [
  '# The files of clients, field by field',
  '',
  'Made from `packages/client-file/src/fields.ts` by `pnpm run generate`. Two commands read these files:',
  '`mcp-bridge --servers FILE` serves what is in them from one port, and `mcp-bridge compose from FILE` makes',
  '[a stack of containers](IMAGES.md#a-stack-from-a-clients-file) of it. `mcp-bridge servers FILE` shows what the first makes of a file,',
  '`mcp-bridge check --servers FILE` tries each entry. Entries as people have them, each with what becomes of it:',
  '`packages/client-file/samples` (`servers.yaml`, `stack.yaml`).',
  '',
  '| client | file | servers below |',
  '| --- | --- | --- |',
  ...clients.map(([, { title, files, root }]) =>
    row(title, files.map((file) => (/[./]/.test(file) ? code(file) : file)).join(', '), code(root.join('.'))),
  ),
  '',
  '| field | clients | with `compose from` it is | what becomes of it there | what `--servers` makes of it |',
  '| --- | --- | --- | --- | --- |',
  ...FIELDS.map((field) =>
    row(code(field.name), field.proxy ?? titles(field.clients), FATES[field.fate], field.what, served(field)),
  ),
  '',
  'A field that is not in this list is named, too. A field means the same in every file, whoever usually has it.',
  '',
  '## With `--servers`',
  '',
  '| in a value | stands for |',
  '| --- | --- |',
  '| `${NAME}`, `${env:NAME}` | the variable of the bridge; not set, the entry is off until it is |',
  '| `${NAME:-default}` | the same, or the default where it is not set or empty |',
  '| `$NAME` | the same in files of Gemini CLI; text elsewhere |',
  '| `${input:api-key}` | the variable `INPUT_API_KEY`, or the default that the file has for this input |',
  '| `${workspaceFolder}`, `${CLAUDE_PROJECT_DIR}`, `${PWD}` | the folder of the project: `/project` of `/project/.vscode/mcp.json`; where the place of the file does not tell, the variable `WORKSPACE_FOLDER` |',
  '| `${userHome}`, `${HOME}` | the home folder |',
  '| any other, such as `${command:pick}` | nothing: the entry is off, and says which |',
  '',
  'A name that cannot stand in a path becomes one that can. Of two that become the same the second is wrong; of a name in two files the later',
  'file counts. What is part of the client (`builtin` and `platform` of Goose, what comes with an extension of Zed)',
  'is `client-only`. Numbers keep their digits, but for fractions in TOML, which need quotes. What an entry says of its own is never a reason for',
  'the others not to be served; a file that is no JSON, TOML or YAML at all is one for the bridge not to start.',
  '',
  '## Files of other proxies',
  '',
  'These list their servers below `mcpServers`, too, and are read as they are: the file of `mcp-proxy --named-server-config`, that of',
  'mcp-proxy of TBXark (of `mcpProxy` nothing is taken over: its address and its tokens are options of the bridge), and that of',
  '`mcpo --config`. Here each is at `/NAME/mcp` and `/NAME/sse`. Shown by: `packages/bridge/src/config/server-files.test.ts`.',
]

writeFileSync(new URL('../../../docs/CLIENT-FILES.md', import.meta.url), `${lines.join('\n')}\n`)

function row(...cells: string[]): string {
  return `| ${cells.join(' | ')} |`
}

function served({ means }: Field): string {
  return means === undefined ? 'Named as without meaning' : SERVED[means]
}

/** All, all but a few, or a few. */
function titles(having: readonly ClientName[]): string {
  const missing = clients.filter(([name]) => !having.includes(name)).map(([, { title }]) => title)
  if (missing.length === 0) return 'all'
  if (missing.length <= 4 && having.length > 4) return `all but ${missing.join(', ')}`
  return having.map((name) => CLIENTS[name].title).join(', ')
}
