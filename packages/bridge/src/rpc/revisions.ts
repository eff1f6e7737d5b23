// rpc/revisions: the revisions of the protocol: those that begin with `initialize`, and the one whose requests stand for themselves.

/** Oldest first; they compare as text. */
export const LEGACY_REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const

/** The newest: what the bridge itself offers a child. */
export const NEWEST_LEGACY_REVISION = '2025-11-25'

export function isLegacyRevision(text: string | undefined): boolean {
  return text !== undefined && (LEGACY_REVISIONS as readonly string[]).includes(text)
}

/** Each request says for itself what it speaks and who asks; there is no session. */
export const MODERN_REVISION = '2026-07-28'

/** The member of `params._meta` by which such a request is known. */
export const REVISION_KEY = 'io.modelcontextprotocol/protocolVersion'

/** The member of `params._meta` by which what a client listens to is told apart; its value is the id of the request. */
export const SUBSCRIPTION_KEY = 'io.modelcontextprotocol/subscriptionId'

/** All that the bridge serves, newest first. */
export const SUPPORTED_REVISIONS = [MODERN_REVISION, ...LEGACY_REVISIONS.toReversed()]
