// cli/stack-text: what `mcp-bridge compose from` tells people: what became of each entry, and the way to a running stack.
import { CLIENTS, type ClientName } from '@mcp-bridge/client-file'
import { unanswered } from '../import/dotenv.ts'
import { LITELLM_ENV, type Imported } from '../import/project.ts'
import { table } from './text.ts'

export interface Told {
  folder: string
  bind: string
  isDryRun: boolean
  client: ClientName
}

export function stackText(imported: Imported, { folder, bind, isDryRun, client }: Told): string {
  const { tools, remote, leftOut, questions } = imported
  const tools_ = tools.map(({ name, url, tag }) => [name, url, tag])
  return [
    ...(tools.length > 0 ? [table([['TOOL', 'ADDRESS', 'IMAGE'], ...tools_])] : []),
    ...tools.map(({ name, notes }) => `${name}: ${notes.join('; ')}\n`),
    ...remote.map(({ name, notes }) => `${[elsewhere(name, imported), ...notes].join('; ')}\n`),
    ...leftOut.map(({ name, reason }) => `left out: ${name}: ${reason}\n`),
    ...(isDryRun ? [] : [`${folder}: compose.yaml, litellm.yaml, images/, secrets/\n`]),
    ...(isDryRun || tools.length === 0 ? [] : ['next:\n', ...steps()]),
  ].join('')

  function steps(): string[] {
    const asked = unanswered(questions)
    const isOpen = !/^(127\.|::1$)/.test(bind)
    const all = [
      ...(asked.length === 0
        ? []
        : [
            `fill in ${folder}/.env: ${asked.map(({ name, description }) => `${name} (${description})`).join(', ')}`,
          ]),
      `mcp-bridge image base && docker compose --project-directory ${quoted(folder)} up --build --detach --wait`,
      `put this into ${CLIENTS[client].title}, in place of what it had (it is in ${folder}/${imported.client.file}):\n${indented(imported.client.text)}`,
    ]
    return [
      ...all.map((step, i) => `  ${i + 1}. ${step}\n`),
      ...(isOpen
        ? ['The tokens cross the network unencrypted: put TLS in front, or stay on 127.0.0.1.\n']
        : []),
    ]
  }
}

function elsewhere(name: string, { remoteSecret }: Imported): string {
  const address = remoteSecret.includes(name)
    ? `, and its address, which holds a secret, in ${LITELLM_ENV}`
    : ''
  return `${name} is served elsewhere: your client may keep it; for LiteLLM it is in litellm.yaml${address}`
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^(?=.)/gm, '     ')
}
