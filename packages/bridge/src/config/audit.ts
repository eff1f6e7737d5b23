// config/audit: where audit lines go, as it is written: a file, or - for stdout.

export interface AuditPlace {
  /** Undefined for stdout. */
  path: string | undefined
}

export function auditPlaceOf(text: string): AuditPlace {
  return { path: text === '-' ? undefined : text }
}
