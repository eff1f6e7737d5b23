import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Runs it on made-up files, by path without ending; each gets its caption, unless it begins with a comment. */
function checked(files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'rooms-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const page = join(folder, 'page.md')
  writeFileSync(page, '# Page\n\n<!-- rooms: generated -->\nold\n<!-- /rooms -->\n\nThe end.\n')
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, 'src', `${path}.ts`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text.startsWith('//') ? text : `// ${path}: made up.\n${text}\n`)
  }
  return run(join(folder, 'src'), page)
}

function run(folder: string, page: string) {
  const { status, stderr } = spawnSync(process.execPath, [here('rooms.doc.ts'), folder, page], {
    encoding: 'utf8',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  return { status, lines: stderr.split('\n').filter(Boolean), page: readFileSync(page, 'utf8') }
}

test('a tree in order is written between the marks', () => {
  const { status, lines, page } = checked({
    'server/app': "import type { Body } from '../http/body.ts'\nimport { clock } from '../clock.ts'",
    'http/body': 'export type Body = string',
    'http/body.test': "import { app } from '../server/app.ts'",
    clock: 'export const clock = 0',
    index: "export * from './server/app.ts'",
  })
  expect(lines).toEqual([])
  expect(status).toBe(0)
  expect(page).toMatch(
    /^# Page\n\n<!-- rooms: generated -->\n\n```\n┌─[^]*\n<!-- \/rooms -->\n\nThe end\.\n$/,
  )
  expect(page).toContain('- `http/body`: made up.')
  expect(page).not.toContain('old')
})

test('an arrow upwards is found, also of types, and one between rooms of a floor', () => {
  const { status, lines, page } = checked({
    'session/session': "import type {\n  Tool,\n} from '../tool/tool.ts'",
    'tool/tool': 'export type Tool = string',
    'http/response': "import { Child } from '../child/child.ts'",
    'child/child': "import { spawn } from './spawn.ts'\nexport class Child {}",
    'child/spawn': "const { main } = await import('../cli/main.ts')",
    'cli/main': 'export const main = 0',
    clock: "import { Child } from './child/child.ts'",
    'rpc/message': "import { api } from '../index.ts'",
    index: 'export const api = 0',
  })
  expect(status).toBe(1)
  expect(page).toContain('old')
  expect(lines).toEqual([
    'child/spawn → cli/main: cli is above child',
    'clock → child/child: a file beside the rooms imports none of them',
    'http/response → child/child: child and http are on one floor',
    'rpc/message → index: the door is for others',
    'session/session → tool/tool: tool is above session',
  ])
})

test('who is handed a child does not know it', () => {
  const { lines } = checked({
    'session/session': "import { Child } from '../child/child.ts'",
    'relay/multiplexer': "import { Child } from '../child/child.ts'",
    'lease/supply': "import { Child } from '../child/child.ts'",
    'child/child': 'export class Child {}',
  })
  expect(lines).toEqual([
    'relay/multiplexer → child/child: relay is handed what it needs of child',
    'session/session → child/child: session is handed what it needs of child',
  ])
})

test('a circle of files is found, and one of rooms by its arrow upwards', () => {
  const { lines } = checked({
    'rpc/a': "import './b.ts'",
    'rpc/b': "export { c } from './c.ts'",
    'rpc/c': "import type { A } from './a.ts'",
    'http/x': "import { y } from '../telemetry/y.ts'",
    'telemetry/y': "import type { X } from '../http/x.ts'",
  })
  expect(lines).toEqual([
    'telemetry/y → http/x: http is above telemetry',
    'http/x → telemetry/y → http/x: a circle',
    'rpc/a → rpc/b → rpc/c → rpc/a: a circle',
  ])
})

test('a caption that is missing, or that of another file, is found; and a room that is on no floor', () => {
  const { lines } = checked({
    'rpc/none': '// what it is',
    'rpc/moved': '// rpc/before: what it is',
    'attic/box': 'export const box = 0',
  })
  expect(lines).toEqual([
    'attic/box: the room attic is on no floor',
    'rpc/moved: the first line is no caption: // rpc/moved: what it is',
    'rpc/none: the first line is no caption: // rpc/none: what it is',
  ])
})

test('what has one home is found elsewhere, but not in comments', () => {
  const { lines } = checked({
    'relay/call': "import type { ServerResponse } from 'node:http'\nimport { pino } from 'pino'",
    'lease/pool': 'const home = process.env.HOME // of the operator\nprocess.exit(1)',
    'child/environment': 'const env = process.env',
    'child/child': 'this.#process.exit\n// process.exit(1) is for cli\nprocess.exitCode = 1',
  })
  expect(lines).toEqual([
    'lease/pool: process.env is for config/, child/environment alone',
    'lease/pool: process.exit is for cli/ alone',
    'relay/call: pino is for telemetry/ alone',
    'relay/call: an HTTP response is for http/, transport/, replica/, status/, metrics/, server/ alone',
  ])
})

test('the house as it stands is in order, and docs/LIFECYCLE.md shows it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rooms-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const text = readFileSync(here('../../../docs/LIFECYCLE.md'), 'utf8')
  const page = join(folder, 'page.md')
  writeFileSync(page, text)
  const { lines, page: written } = run(here('.'), page)
  expect(lines).toEqual([])
  expect(written).toBe(text)
})
