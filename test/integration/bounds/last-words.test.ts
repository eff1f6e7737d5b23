// last-words: what a child wrote before it ended reaches a client that reads late.
import { writeFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually, isAlive, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable } from '../clients.ts'
import { postUnread, readLines } from './measured.ts'

nothingLeft()

/** Writes numbered progress until its output stands still for a moment, notes what the pipe has taken, and ends. */
const TALKER = `
const out = new (require('node:net').Socket)({ fd: 1, readable: false })
let taken = 0
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) return
  const say = (message, done) => out.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n', done)
  if (method !== 'tools/call') {
    const result = method === 'initialize'
      ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'talker', version: '1' } }
      : { tools: [] }
    return say({ id, result })
  }
  const { progressToken } = params._meta
  let before = -1
  let looks = 0
  // One after the other, so that each is counted when the pipe has taken it.
  const talk = () => {
    const params = { progressToken, progress: taken + 1, message: 'x'.repeat(1000) }
    say({ method: 'notifications/progress', params }, () => {
      taken++
      talk()
    })
  }
  talk()
  setInterval(() => {
    looks = taken === before && out.writableLength > 0 ? looks + 1 : 0
    if (looks === 6) {
      require('node:fs').writeFileSync(params.arguments.note, String(taken))
      process.exit(3)
    }
    before = taken
  }, 300)
})
`

test('bounds.last-words: a child that ends while its client does not read is heard to its last word', async () => {
  const folder = tempDir()
  const script = join(folder, 'talker.cjs')
  const note = join(folder, 'note')
  writeFileSync(script, TALKER)
  const bridge = await bridged(['--warm', '0', '--max-buffer', '64KiB', '--', process.execPath, script])
  const client = await openStreamable(bridge)
  const unread = await postUnread(bridge, client, {
    id: 9,
    name: 'talk',
    arguments: { note },
    // Progress is told under it.
    ...{ _meta: { progressToken: 't' } },
  })
  await eventually(() => existsSync(note), {
    what: 'the child to note what it could write',
    withinMs: 40_000,
  })
  const [pid] = bridge.childPids.slice(-1)
  await eventually(() => !isAlive(Number(pid)), { what: 'the child to end' })
  // Longer than the last words of a child are waited for where somebody reads.
  await delay(600)
  let last = 0
  let end = ''
  await readLines(unread, (line) => {
    last = Number(/"progress":(\d+),/.exec(line)?.[1] ?? last)
    if (line.includes('"error"')) end = line
  })
  expect(end).toContain('child_exited')
  expect(last).toBeGreaterThanOrEqual(Number(readFileSync(note, 'utf8')))
})
