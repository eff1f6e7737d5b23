// exchange/log-levels: which log messages a request has asked for.
import { paramsOf } from '../rpc/content.ts'
import type { Message } from '../rpc/message.ts'
import { LEVELS } from '../relay/interceptors/log-level.ts'

/** "absent: the server MUST NOT send any" (2026-07-28, server/utilities/logging). */
export function isLogged(notification: Message, asked: string | undefined): boolean {
  const least = rankOf(asked)
  return least !== -1 && rankOf(paramsOf(notification)['level']) >= least
}

/** The level that lets through most; undefined if none of them asks for any. */
export function lowestOf(levels: Iterable<string | undefined>): string | undefined {
  let lowest: string | undefined
  for (const level of levels)
    if (rankOf(level) !== -1 && (lowest === undefined || rankOf(level) < rankOf(lowest))) lowest = level
  return lowest
}

function rankOf(level: unknown): number {
  return typeof level === 'string' ? LEVELS.indexOf(level) : -1
}
