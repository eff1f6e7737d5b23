// rpc/revisions: the revisions of the protocol that begin with `initialize`.

/** Oldest first; they compare as text. */
export const LEGACY_REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const

/** The newest: what the bridge itself offers a child. */
export const NEWEST_LEGACY_REVISION = '2025-11-25'

export function isLegacyRevision(text: string | undefined): boolean {
  return text !== undefined && (LEGACY_REVISIONS as readonly string[]).includes(text)
}
