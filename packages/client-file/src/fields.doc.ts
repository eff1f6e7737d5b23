// fields.doc: writes docs/CLIENT-FILES.md; run by `pnpm run generate`.
import { writeFileSync } from 'node:fs'
import { CLIENTS, type Client, type ClientName } from './clients.ts'
import { FIELDS, type Fate } from './fields.ts'

const FATES: Record<Fate, string> = {
  carried: 'carried over',
  asked: 'asked for',
  dropped: 'named as dropped',
}
const clients = Object.entries(CLIENTS) as [ClientName, Client][]
const code = (text: string): string => `\`${text}\``

const lines = [
  '# The files of clients, field by field',
  '',
  'Made from `packages/client-file/src/fields.ts` by `pnpm run generate`. What is done with them:',
  '[A stack from a client’s file](IMAGES.md#a-stack-from-a-clients-file). Entries as people have them, each with what becomes of it:',
  '`packages/client-file/samples`.',
  '',
  '| client | file | servers below |',
  '| --- | --- | --- |',
  ...clients.map(([, { title, files, root }]) =>
    row(title, files.map((file) => (/[./]/.test(file) ? code(file) : file)).join(', '), code(root.join('.'))),
  ),
  '',
  '| field | clients | is | what becomes of it |',
  '| --- | --- | --- | --- |',
  ...FIELDS.map(({ name, clients: having, fate, what }) =>
    row(code(name), titles(having), FATES[fate], what),
  ),
  '',
  'A field that is not in this list is named, too. A field means the same in every file, whoever usually has it.',
]

writeFileSync(new URL('../../../docs/CLIENT-FILES.md', import.meta.url), `${lines.join('\n')}\n`)

function row(...cells: string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** All, all but a few, or a few. */
function titles(having: readonly ClientName[]): string {
  const missing = clients.filter(([name]) => !having.includes(name)).map(([, { title }]) => title)
  if (missing.length === 0) return 'all'
  if (missing.length <= 4 && having.length > 4) return `all but ${missing.join(', ')}`
  return having.map((name) => CLIENTS[name].title).join(', ')
}
