import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { FileWatch } from './watch.ts'

const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-watch-'))
afterAll(() => rmSync(folder, { recursive: true }))

function watched(...paths: string[]) {
  let changes = 0
  const watch = new FileWatch({ pollMs: 20, settleMs: 20, changed: () => changes++ })
  watch.watch(paths)
  watch.begin()
  onTestFinished(() => watch.close())
  return { watch, changes: () => changes }
}

const soon = (condition: () => void) => vi.waitFor(condition, { timeout: 20_000, interval: 10 })

test('what is read for another reason is told once; what is written later is told', async () => {
  const path = join(folder, 'asked')
  writeFileSync(path, '1')
  const { watch, changes } = watched(path)
  writeFileSync(path, '2')
  watch.lookNow()
  // Longer than a change takes to be told.
  await sleep(200)
  expect(changes()).toBe(0)
  writeFileSync(path, '3')
  await soon(() => expect(changes()).toBe(1))
  // Named again with another: what was written to it meanwhile is not taken for seen.
  writeFileSync(path, '4')
  watch.watch([path, join(folder, 'other')])
  await soon(() => expect(changes()).toBe(2))
})

test('a file that goes and comes back, and the link of a ConfigMap that is turned to another folder', async () => {
  const mount = join(folder, 'mount')
  mkdirSync(join(mount, '..2026_1'), { recursive: true })
  mkdirSync(join(mount, '..2026_2'))
  writeFileSync(join(mount, '..2026_1', 'mcp.json'), '1')
  writeFileSync(join(mount, '..2026_2', 'mcp.json'), '2')
  symlinkSync('..2026_1', join(mount, '..data'))
  symlinkSync('..data/mcp.json', join(mount, 'mcp.json'))
  const { changes } = watched(join(mount, 'mcp.json'))
  symlinkSync('..2026_2', join(mount, '..data_tmp'))
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
  rmSync(join(mount, '..2026_1'), { recursive: true })
  await soon(() => expect(changes()).toBe(1))
  renameSync(join(mount, '..data'), join(mount, '..gone'))
  await soon(() => expect(changes()).toBe(2))
  renameSync(join(mount, '..gone'), join(mount, '..data'))
  await soon(() => expect(changes()).toBe(3))
})

test('a pipe that nobody writes to holds nobody up', () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const { watch } = watched(path)
  expect(() => watch.lookNow()).not.toThrow()
})
