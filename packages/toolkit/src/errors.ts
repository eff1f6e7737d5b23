// errors: what a person can mend: a sentence, and what to do about it.

export class ToolkitError extends Error {
  /** What to do about it, if that is known. */
  readonly hint: string | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'ToolkitError'
    this.hint = options.hint
  }
}
