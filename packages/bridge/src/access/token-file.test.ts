import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { BridgeError } from '../errors.ts'
import { TokenFile, type TokenFileOptions } from './token-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-tokens-'))
afterAll(() => rmSync(folder, { recursive: true }))

const silent = pino({ level: 'silent' })

let files = 0
/** A file that is watched, all that was taken from it, and what was logged. */
function watched({ graceMs = 60_000, refuse = false } = {}) {
  const path = join(folder, `${++files}`)
  writeFileSync(path, 'alice:a\n')
  const taken: string[][] = []
  const logged: string[] = []
  const log = pino(
    { base: null },
    { write: (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg) },
  )
  const take = (tokens: ReadonlyMap<string, string>) => {
    if (refuse) throw new BridgeError('config_invalid', 'twice')
    taken.push([...tokens.values()])
  }
  const file = new TokenFile({ path, take, pollMs: 20, settleMs: 20, graceMs }, log)
  file.watch()
  onTestFinished(() => file.close())
  return { path, file, taken, logged }
}

const soon = (condition: () => void) => vi.waitFor(condition, { timeout: 20_000, interval: 10 })

test('a change is taken over, however it comes about', async () => {
  const { path, taken } = watched()
  writeFileSync(path, 'alice:a\nbob:b\n')
  await soon(() => expect(taken).toEqual([['alice', 'bob']]))
  writeFileSync(`${path}.new`, 'carol:c\n')
  renameSync(`${path}.new`, path)
  await soon(() => expect(taken.at(-1)).toEqual(['carol']))
})

test('a change that shows neither in its time nor in its size is seen', async () => {
  const { path, taken } = watched()
  const { atime, mtime } = statSync(path)
  writeFileSync(path, 'alicf:a\n')
  utimesSync(path, atime, mtime)
  await soon(() => expect(taken).toEqual([['alicf']]))
})

test('an empty file lets nobody in', async () => {
  const { path, taken, logged, file } = watched()
  writeFileSync(path, '# nobody\n')
  await soon(() => expect(taken).toEqual([[]]))
  expect(logged).toContain('token file is empty: nobody of it is let in')
  expect(file.problem).toBeUndefined()
})

test.each([
  ['a line that is none', 'nonsense', false],
  ['a name that is taken', 'default:d', false],
  ['a token that somebody else has', 'bob:b', true],
])('a file with %s changes nothing, and the log says so', async (_, text, refuse) => {
  const { path, taken, logged, file } = watched({ refuse })
  writeFileSync(path, `${text}\n`)
  await soon(() => expect(logged).toContain('token file not taken over'))
  expect([taken, file.problem]).toEqual([[], undefined])
})

test('a file that is gone keeps its tokens in force for its grace, then lets nobody in, until it is back', async () => {
  const { path, taken, logged, file } = watched({ graceMs: 300 })
  const from = performance.now()
  rmSync(path)
  await soon(() => expect(logged).toContain('token file cannot be read'))
  expect([taken, file.problem]).toEqual([[], undefined])
  await soon(() => expect(taken).toEqual([[]]))
  expect(performance.now() - from).toBeGreaterThan(299)
  expect(file.problem).toContain('cannot be read')
  expect(logged).toContain('token file cannot be read: nobody of it is let in any more')
  writeFileSync(path, 'bob:b\n')
  await soon(() => expect(taken.at(-1)).toEqual(['bob']))
  expect(file.problem).toBeUndefined()
})

test('a file that comes back in time was never gone', async () => {
  const { path, taken, file } = watched({ graceMs: 400 })
  rmSync(path)
  file.reload()
  writeFileSync(path, 'alice:a\n')
  file.reload()
  // Longer than the grace of the first: nothing of it may be left.
  const from = performance.now()
  await soon(() => expect(performance.now() - from).toBeGreaterThan(500))
  expect(taken.every((names) => names.join() === 'alice')).toBe(true)
  expect(file.problem).toBeUndefined()
})

test('each time it is asked for in vain the log says so, and the grace does not begin anew', async () => {
  const { path, taken, logged, file } = watched({ graceMs: 300 })
  rmSync(path)
  mkdirSync(path)
  await soon(() => {
    file.reload()
    expect(taken.at(-1)).toEqual([])
  })
  file.reload()
  expect(taken.at(-1)).toEqual([])
  expect(file.problem).toContain('cannot be read')
  expect(logged.filter((msg) => msg === 'token file cannot be read').length).toBeGreaterThan(2)
})

test.each([
  ['', 'holds no token'],
  ['# nobody', 'holds no token'],
  ['nonsense', 'is not "name:token"'],
])('at a start %j is a mistake', (text, problem) => {
  const path = join(folder, `${++files}`)
  writeFileSync(path, text)
  const options: TokenFileOptions = { path, take: () => {}, pollMs: 20, settleMs: 20, graceMs: 20 }
  expect(() => new TokenFile(options, silent)).toThrow(problem)
  expect(() => new TokenFile({ ...options, path: `${path}.notFound` }, silent)).toThrow('cannot be read')
})
