import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { silentLogger } from './telemetry/logger.ts'
import { UNCHARGED } from './budget/budget.ts'
import { Message, readBody } from './rpc/message.ts'
import { Port } from './relay/connection.ts'
import { ownRoute } from './relay/route.ts'
import type { Sink } from './relay/sink.ts'
import { Switchboard } from './relay/multiplexer.ts'
import { EventLog } from './session/event-log.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Resolves when nothing refers to it any more; a test that waits for ever fails. */
async function collected(ref: WeakRef<object>): Promise<void> {
  while (ref.deref() !== undefined) {
    // What a WeakRef has given out lives to the end of the turn.
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
}

test('a small event lets go of all that was read with it', async () => {
  const log = new EventLog(1_000_000, 60_000, UNCHARGED.bytes)
  const add = () => {
    const chunk = Buffer.alloc(64 * 1024, ' ')
    const text = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}'
    const end = chunk.write(text)
    const message = readBody([chunk.subarray(0, end)])
    if (!(message instanceof Message)) throw new TypeError('no message')
    log.add(1, 1, message)
    return new WeakRef(chunk.buffer)
  }
  await collected(add())
  expect(log.after(1, 0)).toHaveLength(1)
})

test('a client that was asked something is forgotten when it leaves', async () => {
  const { switchboard, plugIn } = shared()
  const leave = () => {
    const port = plugIn()
    const call = port.request(Message.from({ jsonrpc: '2.0', id: 1, method: 'tools/call' }), NOBODY, 0)
    switchboard.receive(Message.from({ jsonrpc: '2.0', id: 'q', method: 'roots/list' }))
    switchboard.receive(Message.from({ jsonrpc: '2.0', id: call.number, result: {} }))
    port.close('it leaves')
    return new WeakRef(port)
  }
  const gone = leave()
  await collected(gone)
  expect(gone.deref()).toBeUndefined()
})

const NOBODY: Sink = { isOpen: true, isStanding: true, answer: () => {}, relate: () => {} }

function shared() {
  const ports = new Set<Port>()
  const pipe = { backlogBytes: 0, send: () => {} }
  const switchboard = new Switchboard(pipe, { ports }, silentLogger(), {
    isOwn: false,
    lostMs: 1000,
    maxBacklogBytes: 1000,
  })
  const plugIn = () => {
    const port = new Port(ownRoute(switchboard), NOBODY, silentLogger(), 10_000)
    ports.add(port)
    return port
  }
  return { switchboard, plugIn }
}
