// leaks: an orphan of this file is found, one of another is not.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { CHILD_MARK, leftovers } from './leaks.ts'
import { eventually } from './eventually.ts'
import { isAlive } from './processes.ts'
import { cleanEnv, start } from './started.ts'
import { cleanTemp, SESSION_VARIABLE, tempDir } from './temp.ts'

const orphans: number[] = []

afterEach(async () => {
  for (const pid of orphans) process.kill(pid, 'SIGKILL')
  await eventually(() => !orphans.some(isAlive), { what: 'the end of the orphans' })
  orphans.length = 0
  cleanTemp()
})

test('an orphan of this test file is found, and those of others are not', async () => {
  const env = cleanEnv({ [CHILD_MARK.slice(0, -1)]: '1-x.1' })
  const ours = await orphan(env)
  const inside = await orphan({
    ...env,
    [CHILD_MARK.slice(0, -1)]: `${process.pid}-x.1`,
    [SESSION_VARIABLE]: '',
  })
  await orphan({ ...env, [SESSION_VARIABLE]: `${env[SESSION_VARIABLE]}0` })
  await orphan({ ...env, [SESSION_VARIABLE]: '' })
  const left = await leftovers({ withinMs: 0 })
  expect(new Set(left.map(({ pid }) => pid))).toEqual(new Set([ours, inside]))
})

/** A process whose parent has ended. */
async function orphan(env: Record<string, string>): Promise<number> {
  const file = join(tempDir(), 'pid')
  const { exited } = await start(['sh', '-c', `sleep 1000 & echo $! >${file}`], { env, stdio: 'ignore' })
  await exited
  const pid = Number(readFileSync(file, 'utf8'))
  orphans.push(pid)
  return pid
}
