// child/faults: what is wrong with a child, as the error that answers whoever waits for it.
import { BridgeError } from '../errors.ts'
import type { Exit } from './spawn.ts'

/** How language servers frame their messages. */
export const CONTENT_LENGTH = /^content-length:\s*\d/i

export function framed(): BridgeError {
  const text =
    'the tool frames its messages with Content-Length, as language servers do: MCP takes one message a line'
  return new BridgeError('child_not_mcp', text, {
    hint: 'look for an option of the tool that sets its framing',
  })
}

export function echoed(): BridgeError {
  const text = "what the tool printed is an echo of the bridge's own request: a terminal stands between"
  return new BridgeError('child_not_mcp', text, {
    hint: 'start it without one: docker run -i, not -it; ssh -T',
  })
}

/** How a child ended, as the error that answers whoever was waiting for it. */
export function exitError(
  exit: Exit | undefined,
  stderr: readonly string[],
  closed: 'stdin' | 'stdout' = 'stdout',
): BridgeError {
  const how =
    exit === undefined
      ? `closed its ${closed}`
      : exit.signal === undefined
        ? `exited with code ${exit.code}`
        : `was ended by ${exit.signal}`
  return new BridgeError('child_exited', `the tool ${how}`, {
    data: { exitCode: exit?.code ?? null, signal: exit?.signal ?? null, stderr },
  })
}
