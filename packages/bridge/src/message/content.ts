// message/content: total readers for whatever the bridge looks into: a wrong shape is an empty one, and nothing throws.

/** Members of an object; none of anything else, arrays included. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
