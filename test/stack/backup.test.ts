// A backup, the loss of everything that is not in the repository, and a restore.
import { renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { becomesWell, compose, failures, gateway, place, read, sh, setting, tried } from './stack.ts'

const FILE = 'backups/test.tar'
/** What the operator has, and a new machine has not. */
const OWN = ['.env', 'people', 'config/litellm.yaml']

test('backup, loss of all volumes and files, restore: verify passes, and everything is there again', async () => {
  onTestFinished(() => rmSync(join(place.folder, 'backups'), { recursive: true, force: true }))
  const { key } = JSON.parse(
    (await gateway().ask('POST', '/key/generate', { key_alias: 'before-the-loss' })).text,
  ) as { key: string }
  await compose(
    'exec',
    '-T',
    'postgres',
    'psql',
    '-q',
    '-U',
    'app',
    'app',
    '-c',
    'create table crumbs as select 42 as n',
  )
  await compose('exec', '-T', 'filesystem', 'sh', '-c', 'mkdir -p /data/a && echo bread >/data/a/crumbs.txt')
  const env = read('.env')

  await sh(['./backup', FILE])
  expect(statSync(join(place.folder, FILE)).mode & 0o777).toBe(0o600)
  expect(await running()).toContain('filesystem')

  await compose('--profile', '*', 'down', '--volumes')
  for (const each of OWN)
    renameSync(join(place.folder, each), join(place.folder, `backups/${each.replace('/', '-')}`))
  // Compose cannot read its files without .env, and says what to do.
  expect((await tried(['docker', 'compose', 'config', '--quiet'])).stderr).toContain('run ./setup')

  await sh(['./restore', FILE])
  expect(read('.env')).toBe(env)
  expect(statSync(join(place.folder, '.env')).mode & 0o777).toBe(0o600)
  await compose('up', '-d', '--wait')

  expect(failures(await becomesWell())).toEqual([])
  expect(await gateway(key).call('filesystem-read_text_file', { path: '/data/a/crumbs.txt' })).toContain(
    'bread',
  )
  expect(await gateway(key).call('db-execute_sql', { sql: 'select n from crumbs' })).toContain('42')
  await gateway().ask('POST', '/key/delete', { keys: [key] })
  await compose('exec', '-T', 'postgres', 'psql', '-q', '-U', 'app', 'app', '-c', 'drop table crumbs')
  await compose('exec', '-T', 'filesystem', 'rm', '-r', '/data/a')
})

test('nothing is overwritten: a restore into a stack that is there changes nothing', async () => {
  onTestFinished(() => rmSync(join(place.folder, 'backups'), { recursive: true, force: true }))
  await sh(['./backup', FILE])
  const again = await tried(['./backup', FILE])
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is there already')])
  const { code, stderr } = await tried(['./restore', FILE])
  expect(code).toBe(1)
  expect(stderr).toContain('error: the stack runs')
  const none = await tried(['./restore', 'README.md'])
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('README.md is no backup of ours')])
  expect(setting('LITELLM_SALT_KEY')).toMatch(/^sk-/)
  expect(failures(await becomesWell())).toEqual([])
})

async function running(): Promise<string[]> {
  return (await compose('ps', '--status', 'running', '--services')).split('\n')
}
