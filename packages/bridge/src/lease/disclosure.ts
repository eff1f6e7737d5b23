// lease/disclosure: what a client is told of a child that failed: stderr of its own process only, and never a secret.
import { randomBytes } from 'node:crypto'
import { BridgeError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Owner } from './owner.ts'

/** Shorter values are no secrets, and parts of half the words there are. */
const MIN_SECRET_LENGTH = 4

export class Disclosure {
  readonly #given: string[]
  readonly #log: Logger
  /** By failure, however many are told of it. */
  readonly #incidents = new WeakMap<BridgeError, BridgeError>()

  /** @param given values that the operator gave to children: what a tool says about them is for nobody else */
  constructor(given: readonly string[], log: Logger) {
    this.#given = [...given]
    this.#log = log
  }

  /** These too, from now on; a process that was given another before may still tell of that. */
  add(given: readonly string[]): void {
    this.#given.push(...given.filter((each) => !this.#given.includes(each)))
  }

  /** For whoever has such processes after each other. */
  told(owner: Owner, error: BridgeError): BridgeError {
    return owner.isNamed ? this.toUser(owner, error) : this.toOthers(error)
  }

  /** For the client that had the process for itself: its stderr, without what the operator or the client gave it. */
  toUser({ env }: Owner, error: BridgeError): BridgeError {
    if (error.code === 'child_spawn_failed') return this.toOthers(error)
    const stderr = error.data?.['stderr']
    if (!Array.isArray(stderr) && error.code !== 'child_not_mcp') return error
    const mask = masker([...this.#given, ...Object.values(env)])
    return new BridgeError(error.code, mask(error.message), {
      cause: error,
      data: {
        ...error.data,
        ...(Array.isArray(stderr) && { stderr: stderr.map((line) => mask(String(line))) }),
      },
      ...(error.hint === undefined ? {} : { hint: mask(error.hint) }),
    })
  }

  /** For who may see all: without what the operator or a client gave, which no screen needs to show. */
  toOperator({ env }: Owner, error: BridgeError): BridgeError {
    const mask = masker([...this.#given, ...Object.values(env)])
    const stderr = error.data?.['stderr']
    return new BridgeError(error.code, mask(error.message), {
      data: { ...(Array.isArray(stderr) && { stderr: stderr.map((line) => mask(String(line))) }) },
      ...(error.hint === undefined ? {} : { hint: mask(error.hint) }),
    })
  }

  /** Lines of a process, without what the operator gave to any. */
  masked(lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : lines.map(masker(this.#given))
  }

  /** For everybody else: a number under which the log has the whole of it. */
  toOthers(error: BridgeError): BridgeError {
    const known = this.#incidents.get(error)
    if (known !== undefined) return known
    const { stderr, ...data } = error.data ?? {}
    const isPath = error.code === 'child_spawn_failed'
    if (stderr === undefined && !isPath && error.code !== 'child_not_mcp') return error
    const incident = typeof data['incident'] === 'string' ? data['incident'] : this.#record(error)
    const text = isPath ? 'the tool cannot be started' : masker(this.#given)(error.message)
    const told = new BridgeError(error.code, text, {
      cause: error,
      hint: `see the log for incident ${incident}`,
      data: { ...data, incident },
    })
    this.#incidents.set(error, told)
    this.#incidents.set(told, told)
    return told
  }

  #record(error: BridgeError): string {
    const incident = randomBytes(4).toString('hex')
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    this.#log.warn(
      { incident, code: error.code, reason: error.message, ...hint, ...error.data },
      'a child failed; clients are told the incident only',
    )
    return incident
  }
}

/** Puts `***` in the place of these values, in whatever form a tool prints them. */
export function masker(secrets: readonly string[]): (text: string) => string {
  const forms = new Set<string>()
  for (const secret of secrets) {
    // Of a key of several lines, each stands in a line of its own.
    for (const line of [secret, ...secret.split(/\r?\n/)]) {
      for (const form of [line, line.trim(), JSON.stringify(line).slice(1, -1), encoded(line)]) {
        if (form.length >= MIN_SECRET_LENGTH) forms.add(form)
      }
    }
  }
  if (forms.size === 0) return (text) => text
  // A secret may be part of another: the longest counts.
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map((form) => form.replaceAll(/[^\w]/g, '\\$&')).join('|'), 'g')
  return (text) => text.replaceAll(pattern, '***')
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    // Half a surrogate pair.
    return text
  }
}
