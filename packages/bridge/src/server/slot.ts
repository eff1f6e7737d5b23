// server/slot: the place of one tool, by its name: the tool is started, put to rest and replaced here.
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authenticate } from '../access/authenticate.ts'
import type { Caller, Profiles } from '../access/caller.ts'
import type { InnerBudget } from '../budget/budget.ts'
import { monotonicMs } from '../clock.ts'
import type { Config, Server } from '../config/config.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import type { Message } from '../rpc/message.ts'
import type { Readiness } from '../tool/startup-probe.ts'
import type { Tool } from '../tool/tool.ts'
import type { Mount, Wires } from './app.ts'
import { belongsTo } from './wires.ts'

/** A tool that runs, or is about to. */
export interface Served {
  tool: Tool
  wires: Wires
  /** Called when nothing of it is left. */
  release(): void
}

/** What is made of an entry when it is put in force. */
export interface Plan {
  server: Server & { config: Config }
  profiles: Profiles
  /** Of one that has less than the whole. */
  budget: InnerBudget | undefined
  authenticate: Authenticate
  /** Equal for two that lead to the same, but for what is set for single clients. */
  fingerprint: string
  /**
   * @param current what is set for clients by then
   * @throws BridgeError for an environment file that cannot be read
   */
  serve(current: () => Profiles): Served
}

/** How often a tool that is to be replaced is looked at. */
const LOOK_MS = 20
const WHAT_HAS_CHANGED = 'what this client may use has changed'

export class Slot implements Mount {
  readonly name: string
  #plan: Plan
  #served: Served | undefined
  /** Nothing new is begun here. */
  #isRemoved = false
  /** The bridge ends. */
  #isClosing = false
  /** Those before, while calls of theirs go on. */
  readonly #retiring = new Map<Served, Promise<void>>()
  #usedAt = monotonicMs()
  /** It could not even be set up. */
  #problem: BridgeError | undefined

  constructor(name: string, plan: Plan) {
    this.name = name
    this.#plan = plan
  }

  get plan(): Plan {
    return this.#plan
  }

  /** The tool, while it is in use. */
  get tool(): Tool | undefined {
    return this.#served?.tool
  }

  /** It, and those that it is to replace. */
  get tools(): Tool[] {
    const all = [...this.#retiring.keys(), ...(this.#served === undefined ? [] : [this.#served])]
    return all.map(({ tool }) => tool)
  }

  get isRemoved(): boolean {
    return this.#isRemoved
  }

  get paths(): Config {
    return this.#plan.server.config
  }

  get maxBodyBytes(): number {
    return this.#plan.server.config.maxBodyBytes
  }

  get isForLiteLlm(): boolean {
    return this.#plan.server.config.compat.includes('litellm')
  }

  get headerEnv(): Config['headerEnv'] {
    return this.#plan.server.config.headerEnv
  }

  get authenticate(): Authenticate {
    return this.#plan.authenticate
  }

  isFor({ principal }: Caller): boolean {
    return this.#plan.profiles.mayEnter(principal)
  }

  begin(): void {
    this.#usedAt = monotonicMs()
    if (this.#isRemoved || this.#isClosing) return
    try {
      this.serve().tool.begin()
    } catch {
      // Its readiness says why, and `wires` to whoever needs it; those with a session of the one before do not.
    }
  }

  /**
   * The tool, from now on in use.
   *
   * @throws BridgeError for an environment file that cannot be read: `config_invalid`, of one of several `child_spawn_failed`;
   *   `shutting_down`
   */
  serve(): Served {
    if (this.#isClosing && this.#served === undefined)
      throw new BridgeError('shutting_down', 'the bridge is shutting down')
    try {
      this.#served ??= this.#plan.serve(() => this.#plan.profiles)
      this.#problem = undefined
      return this.#served
    } catch (cause) {
      if (this.name === '') throw cause
      const { message } = toBridgeError(cause)
      this.#problem = new BridgeError('child_spawn_failed', message, { cause })
      throw this.#problem
    }
  }

  wires(req: IncomingMessage, body?: Message | readonly Message[]): Wires {
    for (const { tool, wires } of this.#retiring.keys()) if (belongsTo(tool, req, body)) return wires
    if (this.#isRemoved) throw new BridgeError('not_found', `${this.name} is served no longer`)
    return this.serve().wires
  }

  /** Why no session can be opened now. One that nobody has asked for yet waits for that. */
  readiness(): Readiness | undefined {
    if (this.#problem !== undefined) return { status: 'failing', reason: this.#problem.message }
    return this.#served?.tool.readiness()
  }

  /** What there is to say of it although sessions can be opened. */
  get concern(): string | undefined {
    return this.#served?.tool.concern
  }

  /** Puts another in its place; what is in flight may finish. */
  replace(plan: Plan): void {
    const { config } = this.#plan.server
    this.#isRemoved = false
    this.#problem = undefined
    void this.#retire('the configuration of this server has changed', config.drainMs)
    this.revise(plan)
  }

  /**
   * What is set for some clients is another: their sessions end at once, so that nobody keeps what is taken away. All
   * others go on.
   *
   * @returns those clients
   */
  revise(plan: Plan): Set<string> {
    const changed = plan.profiles.differingFrom(this.#plan.profiles)
    this.#plan = plan
    const isOut = ({ caller }: { caller: Caller }) => changed.has(caller.principal)
    for (const tool of this.tools) {
      tool.keepSecret(plan.profiles.secrets)
      tool.sessions.closeWhere(isOut, WHAT_HAS_CHANGED)
      tool.clients.closeWhere(isOut, WHAT_HAS_CHANGED)
    }
    return changed
  }

  /** Resolves when nothing of it is left. */
  async remove(): Promise<void> {
    this.#isRemoved = true
    void this.#retire('this server has been removed', this.#plan.server.config.drainMs)
    await Promise.all(this.#retiring.values())
  }

  /** Ends the processes of a tool that nobody has used for long; it starts again when somebody comes. */
  restIfUnused(): void {
    const { server } = this.#plan
    if (server.start === 'eager' || this.#served === undefined) return
    const now = monotonicMs()
    if (!this.#served.tool.isUnused || this.#served.tool.readiness()?.status === 'starting')
      this.#usedAt = now
    if (now - this.#usedAt > server.config.idleMs) void this.#retire('idle', 0)
  }

  async drain(ms: number): Promise<void> {
    this.#isClosing = true
    await Promise.all(this.tools.map((tool) => tool.drain(ms)))
  }

  async close(): Promise<void> {
    const served = this.#served
    this.#served = undefined
    await Promise.all([served === undefined ? undefined : end(served), ...this.#retiring.values()])
  }

  #retire(reason: string, ms: number): Promise<void> | undefined {
    const served = this.#served
    if (served === undefined) return undefined
    this.#served = undefined
    const retired = letGo(served, reason, ms).finally(() => this.#retiring.delete(served))
    this.#retiring.set(served, retired)
    return retired
  }
}

/** Sessions end as soon as they have no call in flight, so that their clients come back to what is here now. */
async function letGo(served: Served, reason: string, ms: number): Promise<void> {
  const { tool } = served
  const deadline = monotonicMs() + ms
  for (;;) {
    tool.letGo(reason)
    if (tool.isUnused || monotonicMs() >= deadline) break
    await sleep(LOOK_MS)
  }
  await tool.drain(0, reason)
  await end(served)
}

async function end({ tool, release }: Served): Promise<void> {
  await tool.close()
  release()
}
