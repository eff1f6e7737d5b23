// errors: one class, one table. The code is API; the text is not.

/**
 * Every way the bridge can refuse or fail, grouped by who has to act.
 *
 * - `http`: the status of the HTTP answer.
 * - `rpc`: the code of the JSON-RPC error in its body.
 * - `exit`: the exit code of the CLI, where the error can end it.
 * - `retryAfterSeconds`: sent as `Retry-After`: the same request may succeed then.
 * - `meaning`, `remedy`: what `docs/ERRORS.md` says.
 */
export const ERRORS = {
  config_invalid: {
    who: 'operator',
    http: 500,
    rpc: -32603,
    exit: 2,
    meaning: 'An option, variable or config file is wrong.',
    remedy: 'Every problem is listed with where it came from; correct them and start again.',
  },
  listen_failed: {
    who: 'operator',
    http: 500,
    rpc: -32603,
    exit: 1,
    meaning: 'The address cannot be listened on: it is taken, not of this machine, or not permitted.',
    remedy: 'Choose another `--port` (0 takes a free one) or `--host`.',
  },
  request_invalid: {
    who: 'client',
    http: 400,
    rpc: -32600,
    meaning:
      'The message is not a JSON-RPC request, notification or response, or it does not fit the session.',
    remedy: 'The text says what was expected.',
  },
  parse_failed: {
    who: 'client',
    http: 400,
    rpc: -32700,
    meaning: 'The body is not JSON.',
    remedy: 'Send one JSON-RPC message, encoded in UTF-8.',
  },
  envelope_invalid: {
    who: 'client',
    http: 400,
    rpc: -32602,
    meaning:
      'A request of revision 2026-07-28 lacks what each of them says of itself in `params._meta`, or says it wrongly.',
    remedy: 'The text names the member.',
  },
  header_mismatch: {
    who: 'client',
    http: 400,
    rpc: -32020,
    meaning:
      'A header of revision 2026-07-28 (`MCP-Protocol-Version`, `Mcp-Method`, `Mcp-Name`, `Mcp-Param-…`) is missing or says something else than the body.',
    remedy: 'The text names the header; a proxy on the way may have taken it out.',
  },
  revision_unsupported: {
    who: 'client',
    http: 400,
    rpc: -32022,
    meaning: 'A request asks for a revision that is not served without a session.',
    remedy: '`data.supported` lists those that are.',
  },
  capability_missing: {
    who: 'client',
    http: 400,
    rpc: -32021,
    meaning: 'The tool cannot go on without asking its client something that this client does not take.',
    remedy: '`data.requiredCapabilities` says what a client has to offer for it.',
  },
  method_unknown: {
    who: 'client',
    http: 404,
    rpc: -32601,
    meaning: 'Neither revision 2026-07-28 nor the tool has this method.',
    remedy: 'None needed; clients try and go on.',
  },
  params_invalid: {
    who: 'client',
    http: 200,
    rpc: -32602,
    meaning: 'The parameters of a request that the bridge answers itself are wrong.',
    remedy: 'The text names the member.',
  },
  request_state_invalid: {
    who: 'client',
    http: 200,
    rpc: -32602,
    meaning:
      'The `requestState` of a retry is not of this bridge, of this caller or of this request, has been used already, or its call is over.',
    remedy: 'Send the request anew, without `requestState`.',
  },
  media_type_unsupported: {
    who: 'client',
    http: 415,
    rpc: -32600,
    meaning: 'The body is not declared as JSON, or it is compressed.',
    remedy: 'Send `Content-Type: application/json` and no `Content-Encoding`.',
  },
  body_too_large: {
    who: 'client',
    http: 413,
    rpc: -32600,
    meaning: 'The body is longer than `--max-body`.',
    remedy: 'Send less, or have the operator raise `--max-body`.',
  },
  headers_too_large: {
    who: 'client',
    http: 431,
    rpc: -32600,
    meaning: 'The headers are longer than Node takes together (16 KiB), with a large token or many cookies.',
    remedy:
      'Send less, or have the operator start the bridge with `NODE_OPTIONS=--max-http-header-size=65536`.',
  },
  request_timeout: {
    who: 'client',
    http: 408,
    rpc: -32600,
    meaning:
      'The request was not there as a whole in time: a minute for its headers, and another for each 7.5 MiB that `--max-body` allows.',
    remedy: 'Send it faster, or in smaller parts; nothing of it has reached the tool.',
  },
  unauthorized: {
    who: 'client',
    http: 401,
    rpc: -32600,
    meaning: 'No token, or one that is not known.',
    remedy: 'Send `Authorization: Bearer <token>` or `X-API-Key: <token>`.',
  },
  host_forbidden: {
    who: 'client',
    http: 403,
    rpc: -32600,
    meaning: 'The `Host` header names a host this bridge does not answer for (DNS rebinding).',
    remedy: 'Admit it with `--allow-host`.',
  },
  origin_forbidden: {
    who: 'client',
    http: 403,
    rpc: -32600,
    meaning:
      'The request comes from a web page that is not admitted, or a page of another site links to the bridge.',
    remedy: 'Admit it with `--allow-origin`.',
  },
  identity_changed: {
    who: 'client',
    http: 403,
    rpc: -32600,
    meaning:
      'A header that feeds the environment of the child (`--header-env`) changed, came or went within the session.',
    remedy: 'Send it with every request of the session; open a new session for another credential.',
  },
  not_found: {
    who: 'client',
    http: 404,
    rpc: -32600,
    meaning: 'There is nothing at this path.',
    remedy: 'The body names the paths that exist.',
  },
  method_not_allowed: {
    who: 'client',
    http: 405,
    rpc: -32600,
    meaning: 'This path does not take this HTTP method.',
    remedy: 'See the `Allow` header.',
  },
  session_unknown: {
    who: 'client',
    http: 404,
    rpc: -32001,
    meaning: 'The session has ended, or never was, or belongs to somebody else.',
    remedy: 'Send `initialize` without a session id.',
  },
  method_not_offered: {
    who: 'client',
    http: 200,
    rpc: -32601,
    meaning:
      'The child may have it, but not where it is shared or pooled (`tasks`, in a pool `resources/subscribe`).',
    remedy: 'Use `--children session`.',
  },
  tool_unknown: {
    who: 'client',
    http: 200,
    rpc: -32602,
    meaning:
      'A tool of this name does not exist for this client (`--tools-allow`, `--tools-deny`, `--read-only`, `clients:`), or has not been accepted yet (`--tools-lock`).',
    remedy: 'See `tools/list`.',
  },
  tool_changed: {
    who: 'child',
    http: 200,
    rpc: -32603,
    meaning:
      'The tool says something else of itself (description, schema, annotations, …) than when it was accepted (`--tools-lock`).',
    remedy:
      'Look at the difference with `mcp-bridge tools diff`; take it with `mcp-bridge tools accept`, or go back to the version before.',
  },
  session_limit_reached: {
    who: 'client',
    http: 503,
    rpc: -32000,
    retryAfterSeconds: 5,
    meaning: '`--max-sessions` sessions are open, or as many as one of several clients may have of them.',
    remedy: 'Try again later; close sessions with DELETE; raise `--max-sessions`.',
  },
  quota_exceeded: {
    who: 'client',
    http: 429,
    rpc: -32000,
    retryAfterSeconds: 1,
    meaning:
      'A session has as much of something as one may: calls in flight (`--max-calls`), subscriptions on a shared child.',
    remedy: 'Wait for answers or cancel calls; unsubscribe; raise `--max-calls`.',
  },
  memory_limit_reached: {
    who: 'client',
    http: 503,
    rpc: -32000,
    retryAfterSeconds: 5,
    meaning:
      'What the bridge keeps for its clients, or for this one, has reached `--max-memory`, or its memory is nearly used up.',
    remedy: 'Try again later; end sessions and calls that nobody needs; raise `--max-memory`.',
  },
  shutting_down: {
    who: 'client',
    http: 503,
    rpc: -32000,
    retryAfterSeconds: 5,
    meaning: 'The bridge is draining and takes nothing new.',
    remedy: 'Try again when it is back.',
  },
  hop_forbidden: {
    who: 'operator',
    http: 403,
    rpc: -32600,
    meaning:
      'A request says that another replica has passed it on, and is not sealed with the key of this one, or was a minute ago or more.',
    remedy:
      'Give all replicas the same `--replica-key-file`, and their machines the same time. Clients do not send `MCP-Bridge-Hop`.',
  },
  hop_loop: {
    who: 'operator',
    http: 508,
    rpc: -32603,
    meaning: 'A request was passed on to a replica that is not the one it is for: it goes no further.',
    remedy: 'Correct `--replicas`: a name stands at the address of another.',
  },
  replica_lost: {
    who: 'us',
    http: 502,
    rpc: -32603,
    meaning:
      'The replica that has the session has taken the request, and its connection broke before the answer began.',
    remedy:
      'The call may have been carried out. The next request finds out whether the session is still there.',
  },
  replica_silent: {
    who: 'us',
    http: 504,
    rpc: -32603,
    meaning: 'The replica that has the session has taken the request, and has not begun to answer in time.',
    remedy: 'The call may have been carried out, or still be. Look at that replica.',
  },
  audit_unavailable: {
    who: 'operator',
    http: 503,
    rpc: -32603,
    retryAfterSeconds: 5,
    meaning:
      'With `--audit-required`: audit lines cannot be written, and no call is carried out or answered that is not recorded.',
    remedy:
      'Make room on the disk, or bring the receiver back: `/readyz` and the log say why. A call that was under way may have been carried out.',
  },
  server_unreachable: {
    who: 'us',
    http: 502,
    rpc: -32000,
    exit: 1,
    meaning: '`mcp-bridge connect` could not reach its server. The request has not been heard there.',
    remedy: 'Check the URL, the proxy variables and `--ca`; then send the request again.',
  },
  server_refused: {
    who: 'us',
    http: 502,
    rpc: -32000,
    exit: 1,
    meaning: 'The server of `mcp-bridge connect` has answered with a status of HTTP and no JSON-RPC error.',
    remedy:
      'The text has the status and the beginning of the answer; a 401 wants `--token-file` or `--header`.',
  },
  answer_lost: {
    who: 'us',
    http: 502,
    rpc: -32000,
    meaning:
      'The connection of `mcp-bridge connect` broke before the answer came, and the server has nothing to go on with.',
    remedy: 'The call may have been carried out. Look before you send it again.',
  },
  child_spawn_failed: {
    who: 'child',
    http: 502,
    rpc: -32603,
    exit: 1,
    meaning: 'The command cannot be started: not found, not executable, or no such directory.',
    remedy:
      'Check the command after `--` and `--cwd`; the log says what is wrong, under the `incident` in the data.',
  },
  child_exited: {
    who: 'child',
    http: 502,
    rpc: -32603,
    exit: 1,
    meaning: 'The child ended while the request was waiting for it.',
    remedy:
      "The data carry its exit code and, if the process was the client's own, the lines of its stderr that tell most; else an `incident` under which the log has them.",
  },
  child_not_mcp: {
    who: 'child',
    http: 502,
    rpc: -32603,
    exit: 1,
    meaning:
      'The child answered `initialize` with an error, or with something that is no answer; or it showed that it is no stdio server as it was called.',
    remedy:
      'Run `mcp-bridge check -- <command>` and read what it says: a tool may need an argument such as `--stdio`.',
  },
  child_starting: {
    who: 'child',
    http: 200,
    rpc: -32603,
    meaning: 'The tool is not up yet, and who asked what it is cannot be kept waiting.',
    remedy: 'Ask again, or send `initialize`, which waits.',
  },
  child_backing_off: {
    who: 'child',
    http: 503,
    rpc: -32603,
    retryAfterSeconds: 5,
    meaning:
      'Processes of this caller and environment crashed several times in a row, and none is started again yet; or the tool crashes for everybody.',
    remedy: 'See the log for lines of its stderr, by the `incident` in the data where there is one.',
  },
  child_limit_reached: {
    who: 'child',
    http: 503,
    rpc: -32000,
    retryAfterSeconds: 5,
    meaning: '`--max-children` processes are running, or as many as one of several clients may have of them.',
    remedy: 'Try again later; raise `--max-children`.',
  },
  child_queue_full: {
    who: 'child',
    http: 503,
    rpc: -32000,
    retryAfterSeconds: 5,
    meaning:
      'All processes of the pool are busy, and too many requests wait already, or this one has waited for 30 s.',
    remedy: 'Try again later; raise `--max-children`.',
  },
  child_backlogged: {
    who: 'child',
    http: 503,
    rpc: -32000,
    retryAfterSeconds: 5,
    meaning: 'The child does not read its stdin, and what waits there is over `--max-buffer`.',
    remedy: 'Try again later; find out what the child is busy with.',
  },
  child_timeout: {
    who: 'child',
    http: 504,
    rpc: -32603,
    exit: 1,
    meaning:
      'The child did not answer within `--start-timeout` (initialize) or `--call-timeout` (any other request).',
    remedy: 'Raise the limit, or find out what the child is waiting for.',
  },
  frame_too_large: {
    who: 'child',
    http: 502,
    rpc: -32603,
    meaning:
      'The child answered with a line longer than `--max-line`; the answer was dropped, the child goes on.',
    remedy: 'Ask for less, or raise `--max-line`.',
  },
  answer_unreadable: {
    who: 'child',
    http: 502,
    rpc: -32603,
    exit: 1,
    meaning:
      'The child answered with what is no JSON, no JSON-RPC, or cannot be told for sure; the answer was dropped, the child goes on.',
    remedy:
      'Repair the tool: one message a line, with each member once and in its own spelling. The text says where it goes wrong.',
  },
  request_cancelled: {
    who: 'client',
    http: 200,
    rpc: -32800,
    meaning: 'The client cancelled this request; the answer only closes its HTTP exchange.',
    remedy: 'None needed.',
  },
  server_request_refused: {
    who: 'us',
    http: 200,
    rpc: -32601,
    meaning: 'Told to the child: its request (sampling, elicitation, roots) reaches no client.',
    remedy: 'None needed; a tool that needs to ask its client runs best with `--children session`.',
  },
  answer_not_kept: {
    who: 'us',
    http: 200,
    rpc: -32603,
    meaning: 'The connection was lost and the answer was larger than `--max-replay` can keep for a resume.',
    remedy: 'Repeat the call, or raise `--max-replay`.',
  },
  internal: {
    who: 'us',
    http: 500,
    rpc: -32603,
    exit: 1,
    meaning: 'A defect of the bridge.',
    remedy: 'Please report it with the log line that carries the same code.',
  },
} as const satisfies Record<string, ErrorRow>

interface ErrorRow {
  who: 'operator' | 'client' | 'child' | 'us'
  http: number
  rpc: number
  exit?: number
  retryAfterSeconds?: number
  meaning: string
  remedy: string
}

export type ErrorCode = keyof typeof ERRORS

export interface BridgeErrorOptions {
  /** What the reader can do about it, as a sentence. */
  hint?: string
  cause?: unknown
  /** Facts for the JSON-RPC `data` member; crosses the wire, so no secrets. */
  data?: Record<string, unknown>
}

/** The only error class of the bridge. Branch on `code`; show `message` and `hint`. */
export class BridgeError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly data: Record<string, unknown> | undefined

  constructor(code: ErrorCode, message: string, options: BridgeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'BridgeError'
    this.code = code
    this.hint = options.hint
    this.data = options.data
  }

  get row(): ErrorRow {
    return ERRORS[this.code]
  }

  /** The JSON-RPC error object: `{ code, message, data: { code, hint?, … } }`. */
  toRpc(): { code: number; message: string; data: Record<string, unknown> } {
    const hint = this.hint === undefined ? {} : { hint: this.hint }
    return { code: this.row.rpc, message: this.message, data: { code: this.code, ...hint, ...this.data } }
  }
}

/** Anything thrown, as a BridgeError: what is not one of ours is `internal`, and its text stays here. */
export function toBridgeError(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error
  return new BridgeError('internal', 'internal error', { cause: error })
}
