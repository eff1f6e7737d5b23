// contest: one contestant running, and the time until it first answered.
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cleanEnv, descendantsOf, isAlive, processesWithEnv, start, type Started } from '@mcp-bridge/testkit'
import { commandOf, configOf, type Contestant } from './contestants.ts'
import { openSse } from './wire/sse.ts'
import { connectStdio } from './wire/stdio.ts'
import { openStateless } from './wire/stateless.ts'
import { openStreamable } from './wire/streamable.ts'
import { echo, initialized, type OpenWire, type Session, type WireName } from './wire/wire.ts'

const WIRES: Record<Exclude<WireName, 'stdio'>, OpenWire> = {
  streamable: openStreamable,
  stateless: openStateless,
  sse: openSse,
}
const POLL_MS = 5
const STOP_MS = 1000
/** In the environment of every contestant, for what it starts to be found when it has been left behind. */
const MARK = 'MCP_BRIDGE_BENCH'

export interface Contest {
  contestant: Contestant
  pid: number
  /** From the start of the process to its first answered call. */
  startMs: number
  /** Initialised where the wire has that; no call was made on it. */
  open(): Promise<Session>
  stop(): Promise<void>
}

/** Starts a contestant and calls it until it answers. */
export async function startContest(
  contestant: Contestant,
  { group, folder, withinMs }: { group: string; folder: string; withinMs: number },
): Promise<Contest> {
  const port = await freePort()
  const configFile = join(folder, `${contestant.name}.json`)
  if (contestant.config !== undefined) writeFileSync(configFile, configOf(contestant, port))
  const startedAt = performance.now()
  const started = await start(commandOf(contestant, { port, group, configFile }), {
    env: cleanEnv({ [MARK]: String(process.pid) }),
    stdio: contestant.wire === 'stdio' ? ['pipe', 'pipe', 'ignore'] : 'ignore',
  })
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 2048 })
  const { path, wire, oldSession } = contestant
  const connect =
    wire === 'stdio' ? connectStdio(started.process) : () => WIRES[wire]({ port, path, agent, oldSession })
  const open = async (): Promise<Session> => (wire === 'stateless' ? connect() : initialized(await connect()))
  const contest: Contest = {
    contestant,
    pid: started.pid,
    startMs: 0,
    open,
    async stop() {
      agent.destroy()
      await end(started)
    },
  }
  try {
    contest.startMs = (await within(withinMs, 'a first answer', firstAnswer(contest))) - startedAt
    return contest
  } catch (error) {
    await contest.stop()
    throw error
  }
}

/** When it came. Some listen before they can answer: whatever is refused is tried again. */
async function firstAnswer({ pid, open }: Contest): Promise<number> {
  for (;;) {
    try {
      const session = await open()
      await echo(session)
      const answeredAt = performance.now()
      await session.close()
      return answeredAt
    } catch (error) {
      if (!isAlive(pid)) throw new Error('it ended before it answered', { cause: error })
      await delay(POLL_MS)
    }
  }
}

/** Waits no longer than that; what is waited for is left to itself then. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`not within ${ms} ms: ${what}`)), ms)
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer))
}

/** With everything below it: not every contestant takes its children along. */
async function end({ process: contestant, pid, exited }: Started): Promise<void> {
  const below = descendantsOf(pid)
  contestant.kill('SIGTERM')
  const timer = setTimeout(() => contestant.kill('SIGKILL'), STOP_MS)
  await exited
  clearTimeout(timer)
  for (const left of [...below, ...processesWithEnv(`${MARK}=${process.pid}\0`)]) kill(left)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already, as it should be.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
