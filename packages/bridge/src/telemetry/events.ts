// telemetry/events: what happens in a bridge, on channels of `node:diagnostics_channel`; without subscribers it costs nothing.
import { channel } from 'node:diagnostics_channel'
import type { BridgeError } from '../errors.ts'
import type { Sampler, TraceContext, Tracing } from './tracer.ts'

/** The same object in all events of one bridge: several may live in one process. */
export interface Source {
  /** The name of the program that is bridged. */
  readonly tool: string
}

/** Who a client says that it is. */
interface ClientProgram {
  readonly name: string
  readonly version: string
}

/** A request of a client is over. */
export interface CallEvent {
  readonly source: Source
  /** The name of the client's token, or `anonymous`. */
  readonly principal: string
  /** Begins the id of its session: the whole is a credential. */
  readonly sessionId: string
  readonly client: ClientProgram | undefined
  readonly wire: 'streamable' | 'sse' | 'stateless'
  /** The revision that the client and, where it is another, the child speaks. */
  readonly revision: string | undefined
  readonly childRevision: string | undefined
  /** JSON text (latin1) of the client's own. */
  readonly requestId: string
  /** The span that the bridge has begun for it, or else the one that the client names. */
  readonly trace: TraceContext | undefined
  readonly method: string
  /** The tool, the prompt or the resource that it is about; a long name is cut. */
  readonly target: string | undefined
  /** Of a tool that `--audit-arguments` means: JSON, without what looks like a secret. */
  readonly arguments: string | undefined
  /** `ok`, `error` for one of the child's own, `dropped` where nobody waits any more, or a code of docs/ERRORS.md. */
  readonly outcome: string
  /** Of the JSON-RPC error that the client got; undefined without one, and for one whose code is no number. */
  readonly errorCode: number | undefined
  /** The outcome is `ok`, and the result says `isError`: the tool itself has failed. */
  readonly isToolError: boolean
  readonly durationMs: number
  /** Of the message as the client wrote it, and of the response before `--compat litellm` rewrites it. */
  readonly requestBytes: number
  readonly responseBytes: number
}

/** See `CallEvent`. */
export type Initialize = Pick<CallEvent, 'requestId' | 'trace' | 'outcome' | 'errorCode'>

/** A session is open, or is over. */
export interface SessionEvent {
  readonly source: Source
  readonly type: 'opened' | 'closed'
  readonly sessionId: string
  readonly principal: string
  readonly client: ClientProgram | undefined
  readonly wire: 'streamable' | 'sse' | 'stateless'
  readonly revision: string | undefined
  /** The process that is this session's alone. */
  readonly childPid: number | undefined
  /** From the request that opened it. */
  readonly durationMs: number
  /** The `initialize` that has opened it, or has failed to; not told again when what is open is closed. */
  readonly initialize?: Initialize | undefined
  /** Why it is over, and, where that was a failure, its code of docs/ERRORS.md. */
  readonly reason?: string
  readonly code?: string | undefined
  /** False for one that never answered `initialize`. */
  readonly wasOpen: boolean
}

/** A process has been started, has ended by itself, or has been ended. */
export interface ChildEvent {
  readonly source: Source
  readonly type: 'started' | 'exited' | 'stopped'
  readonly pid: number
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  /** What it took to end it: `exited`, `eof`, `SIGTERM` or `SIGKILL`, and how long that took. */
  readonly step?: string
  readonly durationMs?: number
}

/** A request of HTTP was refused before it reached a session. */
export interface RefusedEvent {
  readonly source: Source
  readonly method: string | undefined
  readonly path: string
  /** The client's, or that of the last proxy. */
  readonly address: string | undefined
  /** Of docs/ERRORS.md. */
  readonly code: string
  readonly reason: string
  /** What was thrown, where that is no refusal but a fault of the bridge. */
  readonly cause?: unknown
}

/** A tool is not as it was accepted: `--tools-lock`. Once for each text of it. */
export interface ToolChangeEvent {
  readonly source: Source
  readonly type: 'changed' | 'added'
  /** Its name; a long one is cut. */
  readonly tool: string
  /** Of what it says now. */
  readonly hash: string
  /** Whether it is kept from clients, or only told. */
  readonly isRefused: boolean
}

/** Names. */
export interface Changes {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** What is set for a running bridge has become another, or was to. */
export interface ConfigurationEvent {
  readonly source: Source
  readonly type: 'changed' | 'refused'
  readonly servers?: Changes
  /** Also those whose tokens are others. */
  readonly clients?: Changes
  /** Of docs/ERRORS.md. */
  readonly code?: string
}

/** By payload. */
export const CHANNELS = {
  call: channel('mcp-bridge:call'),
  session: channel('mcp-bridge:session'),
  child: channel('mcp-bridge:child'),
  refused: channel('mcp-bridge:refused'),
  toolChange: channel('mcp-bridge:tool-change'),
  configuration: channel('mcp-bridge:configuration'),
} as const

/**
 * Hears the events of one bridge until the returned function is called.
 *
 * @param take takes what this channel carries
 */
export function listen(
  channel: (typeof CHANNELS)[keyof typeof CHANNELS],
  source: Source,
  take: (event: never) => void,
): () => void {
  const listener = (event: unknown) => {
    if ((event as { source: Source }).source === source) take(event as never)
  }
  channel.subscribe(listener)
  return () => {
    channel.unsubscribe(listener)
  }
}

/** Listens to calls as others do, and has a say in their answers. */
export interface Recorder {
  /** Why no call may be begun or answered now. */
  refusal(): BridgeError | undefined
}

/** Whose arguments are told, and how. */
export interface Arguments {
  means(tool: string): boolean
  /**
   * Without what looks like a secret, or is known to be one: JSON.
   *
   * @param args undefined where they are too long to be looked into
   * @param own secrets of the caller
   */
  masked(args: unknown, own: readonly string[]): string
}

/** What has a say in calls, besides hearing of them. */
export interface Hooks {
  recorder?: Recorder | undefined
  arguments?: Arguments | undefined
  tracing?: Tracing | undefined
}

/** Publishes the events of one bridge. */
export class Events {
  readonly source: Source
  readonly recorder: Recorder | undefined
  readonly arguments: Arguments | undefined
  readonly #tracing: Tracing | undefined

  constructor(tool: string, { recorder, arguments: args, tracing }: Hooks = {}) {
    this.source = { tool }
    this.recorder = recorder
    this.arguments = args
    this.#tracing = tracing
  }

  /** There while requests are traced. */
  get sampler(): Sampler | undefined {
    return this.#tracing?.sampler
  }

  /** Whether anybody listens to calls. */
  get areCallsHeard(): boolean {
    return CHANNELS.call.hasSubscribers
  }

  /** The only one that is told often: its object is made once. */
  call(event: CallEvent): void {
    CHANNELS.call.publish(event)
  }

  session(event: Omit<SessionEvent, 'source'>): void {
    if (CHANNELS.session.hasSubscribers) CHANNELS.session.publish({ source: this.source, ...event })
  }

  child(event: Omit<ChildEvent, 'source'>): void {
    if (CHANNELS.child.hasSubscribers) CHANNELS.child.publish({ source: this.source, ...event })
  }

  toolChange(event: Omit<ToolChangeEvent, 'source'>): void {
    if (CHANNELS.toolChange.hasSubscribers) CHANNELS.toolChange.publish({ source: this.source, ...event })
  }

  refused(event: Omit<RefusedEvent, 'source'>): void {
    if (CHANNELS.refused.hasSubscribers) CHANNELS.refused.publish({ source: this.source, ...event })
  }
  configuration(event: Omit<ConfigurationEvent, 'source'>): void {
    if (CHANNELS.configuration.hasSubscribers)
      CHANNELS.configuration.publish({ source: this.source, ...event })
  }
}
