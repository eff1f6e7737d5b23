// metrics/labels: label values that no client can make more of: what is known by name, and `_OTHER` for the rest.
import { SUPPORTED_REVISIONS } from '../rpc/revisions.ts'

/** What the conventions of OpenTelemetry write for a value that is not known. */
export const OTHER = '_OTHER'

/** Requests of clients, of all revisions that are served. */
const METHODS: ReadonlySet<string> = new Set([
  'completion/complete',
  'initialize',
  'logging/setLevel',
  'ping',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'server/discover',
  'subscriptions/listen',
  'tasks/cancel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/update',
  'tools/call',
  'tools/list',
])
const REVISIONS: ReadonlySet<string> = new Set(SUPPORTED_REVISIONS)

export function methodLabel(method: string): string {
  return METHODS.has(method) ? method : OTHER
}

/** A child may repeat whatever revision its client asks for. */
export function revisionLabel(revision: string | undefined): string {
  return revision === undefined ? '' : REVISIONS.has(revision) ? revision : OTHER
}

/** Names that a child has made known: as many as it likes up to a limit, in the order in which they came. */
export class Names {
  readonly #max: number
  readonly #known: Set<string>

  constructor(max: number, known: Iterable<string> = []) {
    this.#max = max
    this.#known = new Set(known)
  }

  add(name: string): void {
    if (this.#known.size < this.#max) this.#known.add(name)
  }

  label(name: string): string {
    return this.#known.has(name) ? name : OTHER
  }
}
