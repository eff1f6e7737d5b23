// session/id: ids of sessions: made here alone, and of several replicas they say which one has the session.
import { randomBytes } from 'node:crypto'

/** Of its random part. */
const SHORT_LENGTH = 8

/**
 * 128 random bits; "globally unique and cryptographically secure". The name in front of them is no secret: a load balancer
 * routes by it. A dot is in neither.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management
 */
export function mintSessionId(replica: string | undefined): string {
  const random = randomBytes(16).toString('base64url')
  return replica === undefined ? random : `${replica}.${random}`
}

/** The replica that this id names. */
export function replicaIn(id: string): string | undefined {
  const end = id.indexOf('.')
  return end === -1 ? undefined : id.slice(0, end)
}

/** What logs call the session. */
export function shortened(id: string): string {
  return id.slice(0, id.indexOf('.') + 1 + SHORT_LENGTH)
}
