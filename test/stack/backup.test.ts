// A backup, a newer LiteLLM on the same database, the loss of everything that is not in the repository, and a restore: the way back.
import { appendFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { added, names, type Person } from './person.ts'
import { becomesWell, compose, failures, gateway, place, read, sh, setting, tried } from './stack.ts'

const FILE = 'backups/test.tar'
/** What the operator has, and a new machine has not. */
const OWN = ['.env', 'people', 'config/litellm.yaml']

const NEWEST = '1.108.7'
const BUILD_MS = 800_000
const GRAPH = { entities: [{ name: 'crumb', entityType: 'test', observations: ['of bread'] }] }

let env: string
/** Of LiteLLM alone, and of a person with a token of her own. */
let key: string
let mary: Person

afterAll(async () => {
  rmSync(join(place.folder, 'backups'), { recursive: true, force: true })
  await tried(['./add-user', '--remove', 'mary'])
})

test('a backup, while all runs', async () => {
  key = await gateway().generateKey({ key_alias: 'before-the-loss' })
  mary = await added('mary', '--tools', 'memory:*_entities,memory:read_*')
  await psql('create table crumbs as select 42 as n')
  await compose('exec', '-T', 'filesystem', 'sh', '-c', 'mkdir -p /data/a && echo bread >/data/a/crumbs.txt')
  env = read('.env')
  await sh(['./backup', FILE])
  expect(statSync(join(place.folder, FILE)).mode & 0o777).toBe(0o600)
  expect(await running()).toContain('filesystem')
})

test('a newer LiteLLM by one line in .env: keys and tokens open what they opened', async () => {
  await sh(['./local-images/build', `litellm-${NEWEST}`], {}, BUILD_MS)
  appendFileSync(join(place.folder, '.env'), `LITELLM_TAG=v${NEWEST}\n`)
  await compose('up', '-d', '--wait')
  await becomesWell()
  // It does not tell its version.
  expect(await compose('images', 'litellm')).toContain(`v${NEWEST}`)
  await opensWhatItOpened()
  // The commands go on as before.
  expect(await sh(['./add-user', '--list'])).toContain('mary')
  const nina = await added('nina', '--tools', 'memory')
  expect(await names(nina)).toContain('create_entities')
  await sh(['./add-user', '--remove', 'nina'])
  expect((await nina.gateway.ask('GET', '/mcp-rest/tools/list')).status).toBe(401)
})

test('loss of all volumes and files, restore: verify passes, and everything is there again', async () => {
  onTestFinished(() => rmSync(join(place.folder, 'backups'), { recursive: true, force: true }))
  await compose('--profile', '*', 'down', '--volumes')
  for (const each of OWN)
    renameSync(join(place.folder, each), join(place.folder, `backups/${each.replace('/', '-')}`))
  // Compose cannot read its files without .env, and says what to do.
  expect((await tried(['docker', 'compose', 'config', '--quiet'])).stderr).toContain('run ./setup')

  await sh(['./restore', FILE])
  expect(read('.env')).toBe(env)
  expect(statSync(join(place.folder, '.env')).mode & 0o777).toBe(0o600)
  await compose('up', '-d', '--wait')

  const verdict = await becomesWell()
  expect(verdict.text).toContain('LiteLLM 1.77.3')
  await opensWhatItOpened()
  await gateway().ask('POST', '/key/delete', { keys: [key] })
  await psql('drop table crumbs')
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

/** What was there before the backup is reached with the same keys and tokens. */
async function opensWhatItOpened(): Promise<void> {
  const alone = gateway(key)
  expect(await alone.call('filesystem-read_text_file', { path: '/data/a/crumbs.txt' })).toContain('bread')
  expect(await alone.call('db-execute_sql', { sql: 'select n from crumbs' })).toContain('42')
  expect(await alone.call('memory-create_entities', GRAPH)).toMatch(/unknown tool|not found/i)
  const { gateway: hers, headers } = mary
  expect(await hers.call('memory-create_entities', GRAPH, headers)).not.toMatch(/unknown tool|not found/i)
  expect(await hers.call('memory-read_graph', {}, headers)).toContain('of bread')
  // Beyond her filter.
  expect(await hers.call('memory-add_observations', {}, headers)).toMatch(/unknown tool|not found/i)
  const gone = { entityNames: ['crumb'] }
  expect(await hers.call('memory-delete_entities', gone, headers)).toMatch(/deleted/i)
}

function psql(statement: string): Promise<string> {
  return compose('exec', '-T', 'postgres', 'psql', '-q', '-U', 'app', 'app', '-c', statement)
}

async function running(): Promise<string[]> {
  return (await compose('ps', '--status', 'running', '--services')).split('\n')
}
