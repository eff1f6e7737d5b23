// What verify says when it should fail: each fault has its own message and remedy, and is gone when it is mended.
import { afterEach, expect, test } from 'vitest'
import { becomesWell, change, compose, failures, sh, verify } from './stack.ts'

let mend: (() => void | Promise<unknown>)[] = []

afterEach(async () => {
  for (const each of mend.toReversed()) await each()
  mend = []
  await becomesWell()
})

test('a wrong token', async () => {
  const token = /^gateway:(\S+)$/m.exec(await sh(['cat', 'people/memory/tokens']))?.[1] ?? ''
  const back = change(
    'people/memory/tokens',
    token,
    token.replace(/^./, (first) => (first === '0' ? '1' : '0')),
  )
  mend.push(() => compose('restart', 'memory'), back)
  // It reads the file again by itself; this way nobody has to wait for it.
  await compose('restart', 'memory')
  await compose('up', '-d', '--wait', 'memory')
  const verdict = await verify()
  expect(verdict.code).toBe(1)
  expect(failures(verdict)).toEqual([
    expect.stringMatching(
      /^discovery memory: the bridge of memory refuses the token that LiteLLM sends → the line "gateway:" of people\/memory\/tokens and MEMORY_TOKEN in \.env/,
    ),
  ])
})

test('a tool that is not there', async () => {
  mend.push(() => compose('up', '-d', '--wait', 'time'))
  await compose('stop', 'time')
  const verdict = await verify()
  expect(verdict.code).toBe(1)
  expect(failures(verdict)).toEqual([
    expect.stringMatching(/^containers time: is stopped, ended with code \d+ → docker compose up -d time$/),
    'discovery time: no tool is listed: the container time is exited → docker compose up -d time',
  ])
})

test('a tool that lacks one of its own', async () => {
  const back = change('people/memory/bridge.yaml', 'search_nodes', 'search_notes')
  mend.push(async () => {
    back()
    await compose('restart', 'memory')
  })
  await compose('restart', 'memory')
  await compose('up', '-d', '--wait', 'memory')
  const verdict = await verify()
  expect(verdict.code).toBe(1)
  expect(failures(verdict).join('\n')).toContain(
    'memory /mcp/: 2 tools instead of 3; missing: memory-search_notes →',
  )
})

test('a stopped database', async () => {
  mend.push(() => compose('up', '-d', '--wait', 'postgres'))
  await compose('stop', 'postgres')
  const verdict = await verify()
  expect(verdict.code).toBe(1)
  expect(failures(verdict)).toContainEqual(
    expect.stringMatching(
      /^containers postgres: is stopped, ended with code \d+ → docker compose up -d postgres$/,
    ),
  )
})

test('a mistyped alias', async () => {
  const back = change('config/litellm.yaml', 'alias: time', 'alias: tiem')
  mend.push(async () => {
    back()
    await restartLiteLLM()
  })
  await restartLiteLLM()
  const verdict = await verify()
  expect(verdict.code).toBe(1)
  expect(failures(verdict)).toEqual([
    'discovery time: LiteLLM has no server with the alias "time", but one called "tiem" → write "alias: time" into the entry for time in config/litellm.yaml, then: docker compose restart litellm',
  ])
})

test('verify cannot ask at all: a sentence, and another exit code', async () => {
  const back = change('.env', 'LITELLM_MASTER_KEY=', 'X_LITELLM_MASTER_KEY=')
  mend.push(back)
  await expect(verify()).rejects.toThrow(/verify ended with \d[^]*LITELLM_MASTER_KEY[^]*run \.\/setup/)
})

async function restartLiteLLM(): Promise<void> {
  await compose('restart', 'litellm')
  await compose('up', '-d', '--wait', 'litellm')
}
