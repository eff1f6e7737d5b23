import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { StderrLines } from './stderr.ts'

const LONGEST = 16 * 1024

/** What is told and kept of these chunks, the end of the stream included unless it stays open. */
async function read(chunks: (string | Buffer)[], { ends = true } = {}) {
  const stream = new PassThrough()
  const told: string[] = []
  const lines = new StderrLines(stream, (line) => told.push(line))
  for (const chunk of chunks) stream.write(chunk)
  if (ends) await new Promise((resolve) => stream.on('end', resolve).end())
  else await new Promise(setImmediate)
  return { told, kept: lines.said.lines(lines.rest) }
}

test('each line is told once, however it is cut, without its end; empty ones are not', async () => {
  const { told } = await read(['one\ntw', 'o\r\n', '\n  \n   three  \nfo', 'ur'])
  expect(told).toEqual(['one', 'two', '   three', 'four'])
})

test('a character that comes in two chunks is one', async () => {
  const bytes = Buffer.from('größer\n')
  expect((await read([bytes.subarray(0, 3), bytes.subarray(3)])).told).toEqual(['größer'])
})

test('what has no end yet is kept as the last', async () => {
  expect((await read(['one\ntwo\nand'], { ends: false })).kept).toEqual(['one', 'two', 'and'])
})

test.each([
  ['in one chunk', ['x'.repeat(3 * LONGEST)]],
  ['in many chunks', Array.from({ length: 30 }, () => 'x'.repeat(LONGEST / 10))],
])('an endless line is told once, as far as it is kept, %s; the next is whole', async (_, chunks) => {
  const { told } = await read([...chunks, 'more\nnext\n'])
  expect(told).toEqual(['x'.repeat(LONGEST), 'next'])
})
