import { describe, expect, test } from 'vitest'
import type { ConfigInput, ServerInput } from './config.ts'
import { parseConfig } from './load.ts'

const command = ['tool']

function resolved(servers: Record<string, unknown>, whole: Omit<ConfigInput, 'servers'> = {}) {
  return parseConfig({ ...whole, servers: servers as Record<string, ServerInput> }).servers ?? {}
}

test('an entry has its own paths, and the options of the whole where it has none', () => {
  const { git, memory } = resolved(
    { git: { command, idleMs: '3s', env: { A: '1' } }, memory: { command: ['m'], start: 'eager' } },
    { children: 'shared', idleMs: '9s', env: { A: '0', B: '0' }, passEnv: 'C' },
  )
  expect(git).toMatchObject({ state: 'on', start: 'lazy', origin: 'option servers.git' })
  expect(git?.config).toMatchObject({
    ...{ command, mcpPath: '/git/mcp', ssePath: '/git/sse', messagePath: '/git/messages' },
    ...{ children: 'shared', idleMs: 3000, env: { A: '1', B: '0' }, passEnv: ['C'], servers: undefined },
  })
  expect(memory?.config).toMatchObject({ idleMs: 9000, env: { A: '0', B: '0' } })
  expect(memory?.start).toBe('eager')
})

test('what hides tools is not inherited, since that of the whole holds beside it', () => {
  const { git } = resolved({ git: { command, toolsDeny: 'x' } }, { toolsAllow: 'get_*', readOnly: true })
  expect(git?.config).toMatchObject({ toolsAllow: [], toolsDeny: ['x'], readOnly: false })
})

describe('what is wrong with one entry stops no other', () => {
  test.each([
    [{}, 'command: name a program'],
    [{ command: 'npx x' }, 'command: write a list'],
    [{ command, port: 1 }, 'port: is for all servers together'],
    [{ command, idel: 1 }, 'idel: there is no such option'],
    [{ command, idleMs: '300' }, 'idleMs: "300" has no unit'],
    [{ command, start: 'now' }, 'start: write lazy or eager'],
    [{ command, disabled: 'no' }, 'disabled: write true or false'],
  ])('%j', (entry, reason) => {
    const { broken, sound } = resolved({ broken: entry, sound: { command } })
    expect(broken).toMatchObject({ state: 'wrong', reason: expect.stringContaining(reason) })
    expect(sound?.state).toBe('on')
  })

  test.each(['', 'a b', '../x', '.git', 'ü'])('a name that is no part of a path: %j', (name) => {
    expect(resolved({ [name]: { command } })[name]).toMatchObject({ state: 'wrong' })
  })

  test('of two names that are one path the second', () => {
    const { git, GIT } = resolved({ git: { command }, GIT: { command } })
    expect([git?.state, GIT?.state, GIT?.reason]).toEqual(['on', 'wrong', 'git has the same path'])
  })

  test('a header that carries the token of the bridge', () => {
    const { git } = resolved({ git: { command, headerEnv: 'authorization=TOKEN' } }, { token: 'secret' })
    expect(git).toMatchObject({ state: 'wrong', reason: expect.stringContaining('choose another header') })
  })
})

test('one that is switched off', () => {
  expect(resolved({ git: { command, disabled: true } })['git']?.state).toBe('off')
})

test('a command and servers together are refused, and so is an end at a crash', () => {
  expect(() => parseConfig({ command, servers: { git: { command } } })).toThrow(/name one or the other/)
  expect(() => parseConfig({ onCrash: 'exit', servers: { git: { command } } })).toThrow(
    /exit is for one command/,
  )
})

test('a client is kept to servers, by their names or with what is narrowed there', () => {
  const clients = {
    a: { token: 'x', servers: ['git'] },
    b: { token: 'y', servers: { git: { toolsDeny: 'z' } } },
  }
  const { a, b } = parseConfig({ servers: { git: { command } }, clients }).clients
  expect(a?.servers).toEqual({
    git: { env: {}, envFile: [], toolsAllow: [], toolsDeny: [], readOnly: false },
  })
  expect(b?.servers?.['git']?.toolsDeny).toEqual(['z'])
})
