import { execFileSync } from 'node:child_process'
import {
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { silentLogger } from '../telemetry/logger.ts'
import { FileSink } from './file.ts'
import { Journal, MAX_KEPT } from './journal.ts'

const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-journal-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const missing = (count: number) => `missing ${count}\n`

function journalTo(path: string): Journal {
  const journal = new Journal(new FileSink(path), { isRequired: false, missing }, silentLogger())
  journal.open()
  return journal
}

const numbered = (i: number, length: number) => `${i} ${'x'.repeat(length)}\n`

function readSome(reader: number, bytes: Buffer): number {
  try {
    return readSync(reader, bytes)
  } catch (error) {
    // Nothing there yet.
    expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN')
    return 0
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !isSo(); i++) await sleep(10)
  expect(isSo()).toBe(true)
}

test('what cannot be written is kept up to a bound; what is beyond is counted, and told in its place', async () => {
  const [link, file] = [join(folder, 'link'), join(folder, 'file')]
  symlinkSync('/dev/full', link)
  const journal = journalTo(link)
  const length = 100_000
  const fits = Math.floor(MAX_KEPT / (length + 4))
  const all = fits + 50
  for (let i = 100; i < 100 + all; i++) journal.append(numbered(i, length))
  await until(() => journal.problem !== undefined)
  const { waiting, dropped } = journal
  expect([waiting + dropped, journal.written]).toEqual([all, 0])
  expect(Math.abs(waiting - fits)).toBeLessThan(3)
  symlinkSync(file, `${link}.new`)
  renameSync(`${link}.new`, link)
  await until(() => journal.problem === undefined && journal.waiting === 0)
  journal.append('after\n')
  await journal.close()
  const heads = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.slice(0, 12).replace(/ x+$/, ''))
  const kept = Array.from({ length: waiting }, (_, i) => String(100 + i))
  expect(heads).toEqual([...kept, `missing ${dropped}`, 'after', ''])
})

test('a reader that takes a part of a line at a time gets each line once, whole and in order', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const journal = journalTo(path)
  const lines = Array.from({ length: 200 }, (_, i) => numbered(i, 1000 + i * 7))
  for (const line of lines) journal.append(line)
  let text = ''
  const bytes = Buffer.alloc(3000)
  await until(() => {
    for (let i = 0; i < 50; i++) text += bytes.toString('utf8', 0, readSome(reader, bytes))
    return text.length >= lines.join('').length
  })
  expect(text).toBe(lines.join(''))
  await journal.close()
})

test('a pipe that nobody reads is a problem after a while, until it is read', async () => {
  const path = join(folder, 'unread')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const journal = journalTo(path)
  for (let i = 0; i < 200; i++) journal.append(numbered(i, 1000))
  await sleep(1000)
  expect(journal.problem).toBeUndefined()
  await until(() => journal.problem !== undefined)
  const bytes = Buffer.alloc(100_000)
  await until(() => {
    readSome(reader, bytes)
    return journal.problem === undefined && journal.waiting === 0
  })
  await journal.close()
})
