// child/factory: starts the children of one bridge: each marked as its own, and watched.
import { randomBytes } from 'node:crypto'
import type { Events } from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Child, type ChildEventListener } from './child.ts'
import { childEnvironment, type EnvironmentOptions } from './environment.ts'
import { OrphanReaper } from './orphans.ts'

export interface ChildFactoryOptions extends EnvironmentOptions {
  command: readonly string[]
  cwd?: string | undefined
  maxLineBytes: number
}

export class ChildFactory {
  /** What every child gets. */
  readonly env: Readonly<Record<string, string>>
  /** Those of its values that the operator asked for: what any program gets besides tells nothing. */
  readonly given: readonly string[]
  readonly #options: ChildFactoryOptions
  readonly #events: Events
  readonly #log: Logger
  /** Begins the mark of every child: whose it is can be told while that process lives, and which bridge's for ever. */
  readonly #id = `${process.pid}-${randomBytes(9).toString('base64url')}`
  readonly #orphans: OrphanReaper
  #children = 0
  /** Those of which something is left. */
  readonly #living = new Set<Child>()

  /** @throws BridgeError `config_invalid` for an environment file that cannot be read */
  constructor(options: ChildFactoryOptions, events: Events, log: Logger) {
    this.#options = options
    this.#events = events
    this.#log = log
    this.env = childEnvironment(options, log)
    const plain = childEnvironment({ passEnv: [], envFile: [], env: {} }, log)
    this.given = Object.entries(this.env).flatMap(([name, value]) => (plain[name] === value ? [] : value))
    this.#orphans = new OrphanReaper(this.#id, log)
  }

  get living(): Iterable<Child> {
    return this.#living
  }

  /** Starts one, with these variables besides. Throws BridgeError `child_spawn_failed`. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<Child> {
    const { command, cwd, maxLineBytes } = this.#options
    const mark = `${this.#id}.${++this.#children}`
    const onEvent: ChildEventListener = (event) => this.#events.child(event)
    const options = { command, cwd, env: { ...this.env, ...env }, mark, maxLineBytes, onEvent }
    const child = await Child.start(options, this.#log)
    this.#orphans.watch(child.pid)
    this.#living.add(child)
    void child.ended.then(() => {
      this.#orphans.unwatch(child.pid)
      this.#living.delete(child)
    })
    return child
  }

  /** All children have ended: nothing is left to watch. */
  close(): Promise<void> {
    return this.#orphans.close()
  }
}
