import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import { childEnvironment, missingVariables, readEnvFiles } from './environment.ts'

const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-environment-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function fileOf(text: string): string {
  const path = join(folder, `${++files}.env`)
  writeFileSync(path, text)
  return path
}

/** A log that keeps its lines. */
function recorder() {
  const lines: Record<string, unknown>[] = []
  return { lines, log: pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) }) }
}

const { log } = recorder()
const HOST = {
  PATH: '/bin',
  HOME: '/home/me',
  LC_ALL: 'C',
  LC: 'not a locale',
  HTTP_PROXY: 'proxy',
  SECRET: 'secret',
  LD_PRELOAD: 'evil.so',
  MCP_BRIDGE_TOKEN: 'token',
  MCP_BRIDGE_CHILD: '1-outer.1',
  UNSET: undefined,
}
const none = { passEnv: [], envFile: [], env: {} }

test('of the allow-list what is set, and no more', () => {
  expect(childEnvironment(none, log, HOST)).toEqual({
    PATH: '/bin',
    HOME: '/home/me',
    LC_ALL: 'C',
    HTTP_PROXY: 'proxy',
  })
})

test.each([['*'], ['MCP_*'], ['{MCP_BRIDGE_TOKEN,SECRET}'], ['MCP_BRIDGE_TOKEN'], ['!PATH', '*']])(
  'what asks for them does not get the own variables: %j',
  (...passEnv) => {
    const env = childEnvironment({ ...none, passEnv }, log, HOST)
    expect(Object.keys(env).filter((name) => name.startsWith('MCP_BRIDGE'))).toEqual([])
  },
)

test.each<[string[], string[]]>([
  [
    ['*', '!LD_*', '!LC*'],
    ['HOME', 'HTTP_PROXY', 'PATH', 'SECRET'],
  ],
  [['!HOME'], ['HTTP_PROXY', 'LC_ALL', 'PATH']],
])(
  'an exception takes out of what is asked for, and of the allow-list; alone it asks for nothing: %j',
  (passEnv, names) => {
    expect(Object.keys(childEnvironment({ ...none, passEnv }, log, HOST)).toSorted()).toEqual(names)
  },
)

test('files over what is handed on, the later over the earlier, what is set over all', () => {
  const envFile = [fileOf('A=one\nB=one\nC=one\nHOME=one\n'), fileOf('B=two\nC=two\n')]
  const env = childEnvironment({ passEnv: ['SECRET'], envFile, env: { C: 'set', PATH: 'set' } }, log, HOST)
  expect(env).toMatchObject({ A: 'one', B: 'two', C: 'set', HOME: 'one', PATH: 'set', SECRET: 'secret' })
})

test('the own variables in a file are left out, and their names are logged', () => {
  const { lines, log } = recorder()
  const path = fileOf('A=1\nMCP_BRIDGE_TOKEN=hunter2\nmcp_bridge_x=hunter3\n')
  expect(readEnvFiles([path, fileOf('B=2')], log)).toEqual({ A: '1', B: '2' })
  expect(lines).toMatchObject([{ level: 40, path, names: ['MCP_BRIDGE_TOKEN', 'mcp_bridge_x'] }])
  expect(JSON.stringify(lines)).not.toContain('hunter')
})

test('a file that cannot be read', () => {
  expect(() => readEnvFiles([join(folder, 'notFound')], log)).toThrow('notFound cannot be read')
})

test('what the tool complains about is missing if it is set here, not given, and not our own', () => {
  const stderr = [
    'SECRET is not set',
    'PATH, UNSET, MCP_BRIDGE_TOKEN and NOWHERE neither',
    'lower_case: SECRETS',
  ]
  expect(missingVariables(stderr, { PATH: '/bin' }, HOST)).toEqual(['SECRET'])
})
