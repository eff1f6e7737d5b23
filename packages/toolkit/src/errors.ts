// errors: what the person in front of the toolkit can mend: one sentence, and what to do about it.

export class ToolkitError extends Error {
  /** What to do about it, if that is known. */
  readonly hint: string | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'ToolkitError'
    this.hint = options.hint
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Message and hint as every command of the toolkit shows them, each on a line of its own. */
export function errorText({ message, hint }: ToolkitError): string {
  return hint === undefined ? `${message}\n` : `${message}\n  → ${hint}\n`
}
