// ./update of a running stack: to a version that works, and to one that does not, after which all is as it was.
import { appendFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cleanTemp, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { change, compose, gateway, place, read, sh, tried } from './stack.ts'

const ROOT = join(place.folder, '..')
const NEWER = '2099.1.1-0123456789ab'
const BROKEN = 'ghcr.io/berriai/litellm:broken-of-the-test'
/** It changes LiteLLM's database at its start, as a migration does, and ends. */
const BROKEN_IMAGE = `FROM postgres:16
ENTRYPOINT ["sh", "-c", "psql \\"$DATABASE_URL\\" -c 'delete from \\"LiteLLM_VerificationToken\\"'; echo nothing works here; exit 1"]
`

let first: string
let tag: string
let key: string

beforeAll(async () => {
  if (existsSync(join(ROOT, '.git'))) throw new Error(`${ROOT} is somebody's checkout`)
  tag = /image: mcp-time:(\S+)/.exec(read('images/images.yaml'))?.[1] ?? ''
  key = await gateway().generateKey({ key_alias: 'before-the-update' })
  const origin = join(tempDir(), 'origin.git')
  await git('init', '--quiet', '--initial-branch', 'main')
  await commit('the stack as it is')
  await git('init', '--quiet', '--bare', origin)
  await git('remote', 'add', 'origin', origin)
  await git('push', '--quiet', '--set-upstream', 'origin', 'main')
  first = await head()
})

afterAll(async () => {
  await git('reset', '--quiet', '--hard', first)
  for (const made of ['.git', 'compose/backups', 'compose/run/update', 'compose/run/verify'])
    rmSync(join(ROOT, made), { recursive: true, force: true })
  await compose('up', '-d', '--wait')
  await gateway().ask('POST', '/key/delete', { keys: [key] })
  await tried(['docker', 'image', 'rm', `mcp-time:${NEWER}`, BROKEN])
  cleanTemp()
})

test('what is not meant is refused, and nothing changes', async () => {
  expect(await sh(['./update', '--yes'])).toBe('this is origin/main already\n')
  const unknown = await tried(['./update', 'v99', '--yes'])
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('there is no version "v99"')])
  await released(() => {
    change('images/images.yaml', tag, NEWER)
    appendFileSync(join(place.folder, 'images/time/Dockerfile'), 'LABEL of-the-test=\n')
  })
  const silent = await tried(['./update'])
  expect(silent.stdout).toContain('to origin/main, commits: 1\n')
  expect([silent.code, silent.stderr]).toEqual([1, expect.stringContaining('fix: ./update --yes')])
  const back = change('images/images.yaml', tag, 'mine')
  const mine = await tried(['./update', '--yes'])
  back()
  expect([mine.code, mine.stderr]).toEqual([
    1,
    expect.stringContaining('changed here and in origin/main: compose/images/images.yaml'),
  ])
  expect(await head()).toBe(first)
})

test('to a version that works: what differs is shown, all is backed up, and the newer tool runs', async () => {
  const said = await sh(['./update', '--yes'])
  expect(said).toMatch(/^ {2}bridge +(\S+) → \1 {2}\(built anew\)$/m)
  expect(said).toContain(`  time                     ${tag} → ${NEWER}\n`)
  expect(said).not.toMatch(/^ {2}postgres /m)
  expect(said).toMatch(
    /^updated to origin\/main\. What was before: \.\/update \w+, its data: backups\/before-update-/m,
  )
  expect(await sh(['ls', 'backups'])).toMatch(/^before-update-\S+\.tar$/m)
  expect(await compose('images', 'time')).toContain(NEWER)
  expect(await traces()).toEqual([])
})

test('to one that breaks LiteLLM and its database: what ran before runs again, with the database as it was', async () => {
  await sh([
    'sh',
    '-c',
    `printf '%s' '${BROKEN_IMAGE.replaceAll("'", String.raw`'\''`)}' | docker build --quiet --tag ${BROKEN} -`,
  ])
  const good = await head()
  await released(() =>
    change('base-images.yaml', /image: (ghcr\S+)/.exec(read('base-images.yaml'))?.[1] ?? '', BROKEN),
  )
  const env = read('.env')
  const { code, stdout, stderr } = await tried(['./update', '--yes'])
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: expect.stringMatching(/^ {2}litellm +\S+ → broken-of-the-test {2}\(migrates its database\)$/m),
    stderr: expect.stringMatching(
      /nothing works here[^]*origin\/main does not start: see above\.[^]*What ran before runs again\. The backup is kept/,
    ),
  })
  expect([await head(), read('.env')]).toEqual([good, env])
  expect(await git('symbolic-ref', '--short', 'HEAD')).toBe('main\n')
  // Its key is there again.
  expect(await gateway(key).tools()).toContain('time-convert_time')
  expect(await compose('images', 'time')).toContain(NEWER)
  expect(await traces()).toEqual([])
})

/** Its owner has something newer, which is not here yet. */
async function released(step: () => unknown): Promise<void> {
  step()
  await commit('newer')
  await git('push', '--quiet')
  await git('reset', '--quiet', '--hard', 'HEAD~1')
}

async function commit(message: string): Promise<void> {
  await git('add', '--all')
  await git('-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', message)
}

async function head(): Promise<string> {
  return (await git('rev-parse', 'HEAD')).trim()
}

function git(...args: string[]): Promise<string> {
  return sh(['git', '-C', ROOT, ...args])
}

/** What an update keeps for the way back, and nobody needs afterwards. */
async function traces(): Promise<string[]> {
  const images = await sh(['docker', 'image', 'ls', '--format', '{{.Tag}}'])
  return [
    ...images.split('\n').filter((each) => each.endsWith('-before-update')),
    ...(existsSync(join(place.folder, 'run/update')) ? ['run/update'] : []),
  ]
}
