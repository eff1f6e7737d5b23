// message/members: the members of a message that the envelope watches, by the object they stand in.

// Which members the envelope watches, by the object they stand in.
export const NOTHING = 0
export const TOP = 1
const PARAMS = 2
const META = 3

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
export const SLOT_TASK = 11

export function watchInside(depth: number, slot: number): number {
  if (depth === 1) return TOP
  if (slot === SLOT_PARAMS) return PARAMS
  return slot === SLOT_META ? META : NOTHING
}

interface Member {
  name: string
  slot: number
  bytes: Uint8Array
}

/** By the object they stand in. */
const MEMBERS: Readonly<Record<number, readonly Member[]>> = {
  [TOP]: members({
    jsonrpc: SLOT_JSONRPC,
    id: SLOT_ID,
    method: SLOT_METHOD,
    params: SLOT_PARAMS,
    result: SLOT_RESULT,
    error: SLOT_ERROR,
  }),
  [PARAMS]: members({
    _meta: SLOT_META,
    progressToken: SLOT_TOKEN,
    requestId: SLOT_REQUEST_ID,
    task: SLOT_TASK,
  }),
  [META]: members({ progressToken: SLOT_PROGRESS_TOKEN }),
}

function members(slots: Readonly<Record<string, number>>): Member[] {
  return Object.entries(slots).map(([name, slot]) => ({ name, slot, bytes: Buffer.from(name) }))
}

/** The member that a key names; of most the text need not be made to see which it is. */
export function slotAt(watch: number, chunk: Buffer, start: number, end: number): number {
  const length = end - start
  next: for (const { bytes, slot } of MEMBERS[watch]!) {
    if (bytes.length !== length) continue
    for (let i = 0; i < length; i++) if (chunk[start + i] !== bytes[i]) continue next
    return slot
  }
  return SLOT_NONE
}

export function slotNamed(watch: number, key: string): number {
  return MEMBERS[watch]!.find(({ name }) => name === key)?.slot ?? SLOT_NONE
}

export function capturesScalar(slot: number): boolean {
  return slot === SLOT_ID || slot === SLOT_METHOD || (slot >= SLOT_PROGRESS_TOKEN && slot <= SLOT_JSONRPC)
}

const NAMES = Object.values(MEMBERS).flatMap((all) => all.map(({ name }) => name))
/** No key longer than this is watched: the longest name in quotes, each character as `\u0061`. */
export const MAX_KEY_BYTES = 2 + 6 * Math.max(...NAMES.map((name) => name.length))
