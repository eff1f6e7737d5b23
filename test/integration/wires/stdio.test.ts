// stdio: the bridge as the client of its child: noise, stderr, the end of the child.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openStreamable, refusal, textOf, WIRES } from '../clients.ts'

nothingLeft()
const noisy = useBridge(['--', ...fixture('noisy-stdout')])
const echo = useBridge(['--', ...fixture('echo')])
const dying = useBridge(['--', ...fixture('half-line')])

describe.each(WIRES)('stdio behind %s', (_name, open) => {
  test('stdio.noise: what is no message on stdout is neither forwarded nor fatal', async () => {
    const client = await open(noisy)
    if ('listen' in client) await client.listen()
    const texts = ['a', 'b', 'c']
    for (const text of texts) expect(textOf(await client.call('echo', { text }))).toBe(text)
    await client.call('listChanged')
    await client.until('notifications/tools/list_changed')
    // Only the message that a log prefix was glued to may have been rescued.
    const others = client.received.filter(
      (each) => !('method' in each) || !each.method.startsWith('notifications/'),
    )
    expect([others, client.strays, client.failures]).toEqual([[], [], []])
    client.close()
  })

  test('stdio.stderr: is logged with the pid of the child, and no error', async () => {
    const client = await open(echo)
    const text = `on stderr of ${_name}`
    const { error } = await client.call('stderr', { text })
    expect(error).toBeUndefined()
    const { level, childPid } = await echo.running.until(({ line }) => line === text)
    expect([level, childPid]).toEqual(['info', Number(textOf(await client.call('pid')))])
    client.close()
  })

  test('stdio.exit: an answer without its newline still counts when the child ends behind it', async () => {
    const client = await open(dying)
    expect(textOf(await client.call('last'))).toBe('the last words')
    client.close()
  })
})

test('stdio.exit: the session of a child that has ended is unknown afterwards', async () => {
  const client = await openStreamable(dying)
  await client.call('last')
  const reply = await eventually(
    async () => {
      const each = await client.post({ jsonrpc: '2.0', id: 1, method: 'ping' })
      return each.status === 404 && each
    },
    { what: 'the session to be gone' },
  )
  expect(refusal(reply, 404, 'session_unknown').code).toBe(-32001)
})
