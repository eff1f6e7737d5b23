// What breaks in a stack, each followed by a verify that passes without help.
import { eventually } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { becomesWell, compose, failures, gateway, PATIENCE_MS, startedAt, tried } from './stack.ts'

const ALIAS = 'time'
const CALL = `${ALIAS}-get_current_time`
const ARGS = { timezone: 'Europe/Prague' }

test('the process of a tool is killed', async () => {
  expect(await gateway().call(CALL, ARGS)).toContain('Prague')
  const before = await childOf('time')
  await compose('exec', '-T', 'time', 'sh', '-c', `kill -KILL ${before}`)
  // Another is started for whoever asks next.
  await eventually(async () => (await gateway().call(CALL, ARGS)).includes('Prague'), {
    what: 'an answer of another process',
    withinMs: PATIENCE_MS,
  })
  expect(await childOf('time')).not.toBe(before)
  expect(failures(await becomesWell())).toEqual([])
})

test('the container of a tool is restarted', async () => {
  await compose('restart', 'time')
  expect(failures(await becomesWell())).toEqual([])
})

test('the container of a tool is killed', async () => {
  // From inside: who is killed by `docker kill` counts as stopped on purpose, and stays down.
  const before = await startedAt('memory')
  const [, main] = /^(\d+) .*mcp-bridge/m.exec(await processesOf('memory', '1')) ?? []
  await tried(['docker', 'compose', 'exec', '-T', 'memory', 'sh', '-c', `kill -KILL ${main}`])
  await eventually(async () => (await startedAt('memory')) !== before, {
    what: 'the container to be started again',
    withinMs: PATIENCE_MS,
  })
  expect(failures(await becomesWell())).toEqual([])
})

test('the database is restarted', async () => {
  await compose('restart', 'postgres')
  expect(failures(await becomesWell())).toEqual([])
})

test('LiteLLM is restarted', async () => {
  await compose('restart', 'litellm')
  expect(failures(await becomesWell())).toEqual([])
})

test('LiteLLM and a bridge hang: Docker would only call them unhealthy; their health checks end them, and they come back', async () => {
  const hanging = ['litellm', 'time']
  const before = await Promise.all(hanging.map(startedAt))
  for (const service of hanging) await compose('exec', '-T', service, 'sh', '-c', FREEZE)
  for (const [i, service] of hanging.entries()) {
    // It ends, and Docker starts it again.
    const id = (await compose('ps', '--all', '--quiet', service)).trim()
    if ((await startedAt(service)) === before[i]) await tried(['docker', 'wait', id])
    await eventually(async () => (await startedAt(service)) !== before[i], {
      what: `${service} to be started again`,
      withinMs: PATIENCE_MS,
    })
  }
  expect(failures(await becomesWell())).toEqual([])
})

test('20 calls at once', async () => {
  const texts = await Promise.all(Array.from({ length: 20 }, () => gateway().call(CALL, ARGS)))
  expect(texts).toEqual(texts.map(() => expect.stringContaining('Prague')))
  expect(failures(await becomesWell())).toEqual([])
})

test('a tool that errors, over both ways', async () => {
  for (const ask of [gateway().call.bind(gateway()), gateway().restCall.bind(gateway())]) {
    expect(await ask(CALL, { timezone: 'Nowhere/At_All' })).toMatch(/error|invalid/i)
    expect(await ask(`${ALIAS}-no_such_tool`, {})).toContain('Unknown tool')
  }
  expect(failures(await becomesWell())).toEqual([])
})

/** Stops for good what process 1 has started, and all below: a hang that nothing in it ends, and that hears no SIGTERM. */
const FREEZE = `
below() {
  for status in /proc/[0-9]*/status; do
    pid=\${status#/proc/}
    pid=\${pid%/status}
    [ "$pid" = $$ ] || ! grep -q "^PPid:[^0-9]*$1$" "$status" 2>/dev/null || { kill -STOP "$pid"; below "$pid"; }
  done
}
below 1`

/** The process of the tool itself, as its container numbers it. */
async function childOf(service: string): Promise<string> {
  const list = await processesOf(service)
  const found = list.split('\n').find((line) => /mcp-server-time/.test(line) && !/mcp-bridge|tini/.test(line))
  const pid = found?.split(' ')[0]
  if (pid === undefined) throw new Error(`no process of the tool among:\n${list}`)
  return pid
}

/** Number and command line of each process in a container, or of the children of one: images have no ps. */
function processesOf(service: string, parent = ''): Promise<string> {
  const script = `for p in /proc/[0-9]*; do
      [ -z "${parent}" ] || grep -q "^PPid:[[:space:]]*${parent}$" "$p/status" 2>/dev/null || continue
      echo "\${p#/proc/} $(tr '\\0' ' ' <"$p/cmdline" 2>/dev/null)"
    done`
  return compose('exec', '-T', service, 'sh', '-c', script)
}
