import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Latency } from './telemetry/latency.ts'
import { silentLogger } from './telemetry/logger.ts'
import { UNCHARGED } from './budget/budget.ts'
import { Message, readBody } from './rpc/message.ts'
import { createCall } from './relay/call.ts'
import { Connection } from './relay/connection.ts'
import type { Peer, ReplyStream } from './relay/dispatch.ts'
import { Multiplexer } from './relay/multiplexer.ts'
import { createBridgePeer } from './relay/peer.ts'
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
  const { multiplexer, connect } = shared()
  const leave = () => {
    const connection = connect()
    const message = Message.from({ jsonrpc: '2.0', id: 1, method: 'tools/call' })
    const call = createCall(message, 0)
    connection.request(call, message, DISCARD)
    multiplexer.receive(Message.from({ jsonrpc: '2.0', id: 'q', method: 'roots/list' }))
    multiplexer.receive(Message.from({ jsonrpc: '2.0', id: call.number, result: {} }))
    connection.close('it leaves')
    return new WeakRef(connection)
  }
  const gone = leave()
  await collected(gone)
  expect(gone.deref()).toBeUndefined()
})

const DISCARD: ReplyStream = {
  canReceive: true,
  isStandalone: true,
  onResponse: () => {},
  onMessage: () => {},
}

function shared() {
  const peers = new Set<Peer>()
  const pipe = { backlogBytes: 0, send: () => {} }
  const options = { isShared: true, lostMs: 1000, maxBacklogBytes: 1000 }
  const multiplexer = new Multiplexer(pipe, peers, options, silentLogger())
  const connect = () => {
    const peer = createBridgePeer()
    peers.add(peer)
    const options = { account: UNCHARGED, standalone: DISCARD, holdMs: 10_000, latency: new Latency() }
    return new Connection(multiplexer.dispatcherFor(peer), options, silentLogger())
  }
  return { multiplexer, connect }
}
