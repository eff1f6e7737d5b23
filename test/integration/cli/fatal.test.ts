// fatal: an error that nobody caught ends the bridge, and leaves no process behind.
import { eventually, fixture, isAlive } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { treeOf } from '../children/tree.ts'
import { openStreamable } from '../clients.ts'

nothingLeftAfterEach()

const FAILING = { NODE_OPTIONS: `--import=${new URL('fails-on-signal.ts', import.meta.url).href}` }

test.each(['SIGUSR2', 'SIGWINCH'] as const)(
  'fatal: thrown or rejected (%s): logged, children ended, exit code 1',
  async (signal) => {
    const bridge = await bridged(['--', ...fixture('grandchild')], { env: FAILING })
    const client = await openStreamable(bridge)
    const tree = await treeOf(client)
    process.kill(bridge.pid, signal)
    expect(await bridge.exited).toEqual({ code: 1, signal: null })
    const fatal = bridge.logs.find(({ level }) => level === 'fatal')
    expect(fatal).toMatchObject({ msg: 'an error that nobody caught; the bridge ends' })
    expect(JSON.stringify(fatal)).toContain('fails-on-signal.ts')
    await eventually(() => !tree.some(isAlive), { what: 'the children to be gone' })
  },
)
