// rpc/envelope-keys: the members of a message that the envelope watches, by the object they stand in, and which keys name them.
import { REVISION_KEY, SUBSCRIPTION_KEY } from './revisions.ts'

// Which members the envelope watches, by the object they stand in.
export const NOTHING = 0
export const TOP = 1
const PARAMS = 2
export const META = 3

export const SLOT_NONE = 0
export const SLOT_ID = 1
export const SLOT_METHOD = 2
export const SLOT_PARAMS = 3
export const SLOT_RESULT = 4
export const SLOT_ERROR = 5
export const SLOT_META = 6
export const SLOT_PROGRESS_TOKEN = 7
export const SLOT_TOKEN = 8
export const SLOT_REQUEST_ID = 9
export const SLOT_JSONRPC = 10
/** An `id` in another spelling. */
export const SLOT_OTHER_ID = 11
export const SLOT_TASK = 12
export const SLOT_NAME = 13
const SLOT_URI = 14
const SLOT_LEVEL = 15
export const SLOT_REVISION = 16
export const SLOT_SUBSCRIPTION = 17
export const SLOT_INPUT_RESPONSES = 18
export const SLOT_REQUEST_STATE = 19
const SLOT_ARGUMENTS = 20
const SLOT_TASK_ID = 21
export const SLOTS = 22

export function watchInside(depth: number, slot: number): number {
  if (depth === 1) return TOP
  if (slot === SLOT_PARAMS) return PARAMS
  return slot === SLOT_META ? META : NOTHING
}

interface Watched {
  name: string
  folded: string
  slot: number
  bytes: Uint8Array
}

/** By the object they stand in: all that the bridge routes or judges by. */
const MEMBERS: Readonly<Record<number, readonly Watched[]>> = {
  [NOTHING]: [],
  [TOP]: members({
    jsonrpc: SLOT_JSONRPC,
    id: SLOT_ID,
    method: SLOT_METHOD,
    params: SLOT_PARAMS,
    result: SLOT_RESULT,
    error: SLOT_ERROR,
  }),
  [PARAMS]: members({
    name: SLOT_NAME,
    _meta: SLOT_META,
    progressToken: SLOT_TOKEN,
    requestId: SLOT_REQUEST_ID,
    task: SLOT_TASK,
    uri: SLOT_URI,
    level: SLOT_LEVEL,
    inputResponses: SLOT_INPUT_RESPONSES,
    requestState: SLOT_REQUEST_STATE,
    // Headers repeat them.
    arguments: SLOT_ARGUMENTS,
    taskId: SLOT_TASK_ID,
  }),
  [META]: members({
    progressToken: SLOT_PROGRESS_TOKEN,
    [REVISION_KEY]: SLOT_REVISION,
    [SUBSCRIPTION_KEY]: SLOT_SUBSCRIPTION,
  }),
}

const NONE: readonly Watched[] = []

/** The same by the length of the name: of most keys not a byte has to be compared. */
const BY_LENGTH = Object.values(MEMBERS).map(byLength)

function byLength(all: readonly Watched[]): Watched[][] {
  const lengths = all.map(({ bytes }) => bytes.length)
  return Array.from({ length: Math.max(0, ...lengths) + 1 }, (_, length) =>
    all.filter(({ bytes }) => bytes.length === length),
  )
}

function members(slots: Readonly<Record<string, number>>): Watched[] {
  return Object.entries(slots).map(([name, slot]) => ({
    name,
    folded: folded(name),
    slot,
    bytes: Buffer.from(name),
  }))
}

/**
 * The slot of the member that a key names, negative where only some readers take the key for it: those that fold case,
 * or end a text at NUL. The key is given by the bytes between its quotes, without escapes; of most no text is made.
 */
export function slotAt(watch: number, chunk: Buffer, start: number, end: number): number {
  next: for (const { bytes, slot } of BY_LENGTH[watch]![end - start] ?? NONE) {
    let sign = 1
    for (let i = 0; i < bytes.length; i++) {
      const c = chunk[start + i]!
      const wanted = bytes[i]!
      if (c === wanted) continue
      if ((c ^ wanted) !== 0x20 || c >= 0x80) continue next
      sign = -1
    }
    return sign * slot
  }
  // A letter of several bytes may be one of a name to some.
  const near = Math.min(end, start + MAX_KEY_BYTES)
  for (let i = start; i < near; i++)
    if (chunk[i]! >= 0x80) return slotNamed(watch, chunk.toString('utf8', start, near))
  return SLOT_NONE
}

/** The same for what a key spells. */
export function slotNamed(watch: number, key: string): number {
  const all = MEMBERS[watch]!
  const exact = all.find(({ name }) => name === key)
  if (exact !== undefined) return exact.slot
  const text = folded(key)
  return -(all.find((member) => member.folded === text)?.slot ?? SLOT_NONE)
}

/** As the most generous reader sees it: to some a long s is an s, a Kelvin sign a k, an i without its dot an i. */
export function folded(key: string): string {
  const end = key.indexOf('\0')
  const text = end === -1 ? key : key.slice(0, end)
  return text.replaceAll('\u0130', 'i').toUpperCase().toLowerCase()
}

export function capturesScalar(slot: number): boolean {
  return (
    slot === SLOT_ID ||
    slot === SLOT_METHOD ||
    slot === SLOT_SUBSCRIPTION ||
    (slot >= SLOT_PROGRESS_TOKEN && slot <= SLOT_OTHER_ID)
  )
}

/** The names of the members whose bits are set. */
export function namesOf(bits: number): string[] {
  const all = Object.values(MEMBERS).flat()
  return all.filter(({ slot }) => (bits & (1 << slot)) !== 0).map(({ name }) => name)
}

const LONGEST = Math.max(...Object.values(MEMBERS).flatMap((all) => all.map(({ name }) => name.length)))
/** A key longer than this names nothing: a letter more than the longest name, in quotes, each written as `\u0061`. */
export const MAX_KEY_BYTES = 2 + 6 * (LONGEST + 1)
