// error: a text that is no file of a client, in one sentence that repeats nothing of it.

export class ClientFileError extends Error {
  override readonly name = 'ClientFileError'
  /** What to do about it, if that is known. */
  readonly hint: string | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options)
    this.hint = options.hint
  }
}
