// hostile/attack: one client that sends what it likes: valid messages with members added, twice, in other cases, as escapes.
import { connect } from 'node:net'
import type { Random } from '../fuzz/random.ts'

export interface Attacker {
  port: number
  /** Of a session of its own. */
  sessionId: string
  token: string
  /** What its calls say of themselves. */
  by: string
  /** A number that a message of somebody else is likely to have. */
  guess(): number
}

/** Sent before their answers are awaited. */
const AT_ONCE = 25

/** A bridge that answers nothing for so long never will: a call was answered under another's number. */
const SILENCE_MS = 20_000

/** Sends so many messages over one connection, and returns all that came back, also where answers are missing. */
export async function attack(attacker: Attacker, random: Random, count: number): Promise<string> {
  const { port, sessionId, token } = attacker
  const socket = connect(port, '127.0.0.1').setEncoding('utf8').setNoDelay(true)
  socket.setTimeout(SILENCE_MS, () => socket.destroy())
  let came = ''
  let wake: (() => void) | undefined
  socket.on('data', (text: string) => {
    came += text
    wake?.()
  })
  // What breaks it off closes it, too; answers are missing then.
  const closed = new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()))
  void closed.then(() => wake?.())
  for (let sent = 0; sent < count && !socket.destroyed;) {
    let requests = ''
    for (let i = 0; i < AT_ONCE && sent < count; i++, sent++) {
      const body = hostileMessage(attacker, random)
      requests +=
        `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nMcp-Session-Id: ${sessionId}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
        `${sent === count - 1 ? 'Connection: close\r\n' : ''}\r\n${body}`
    }
    socket.write(requests)
    while (answersIn(came) < sent && !socket.destroyed) await new Promise<void>((resolve) => (wake = resolve))
  }
  await closed
  return came
}

export function answersIn(text: string): number {
  return text.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0
}

type Members = (readonly [key: string, text: string])[]

const NAMES = {
  top: ['id', 'method', 'params', 'result', 'error'],
  params: ['name', '_meta', 'requestId', 'progressToken'],
  meta: ['progressToken'],
}

function hostileMessage({ by, guess }: Attacker, random: Random): string {
  const one = <T>(items: readonly T[]): T => items[random.below(items.length)]!
  const object = (members: Members): string => `{${members.map(([key, text]) => `"${key}":${text}`).join()}}`

  /** The name as some reader would know it. */
  const key = (name: string): string =>
    one([
      name,
      name.toUpperCase(),
      name[0]!.toUpperCase() + name.slice(1),
      name.replace('s', '\u017f').replace('k', '\u212a'),
      `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
      `${name}\\u0000`,
      `${name}\\u0000${'x'.repeat(random.below(200))}`,
    ])
  const meta = (): string => object([['progressToken', String(guess())]])
  const text = (name: string): string => {
    switch (name) {
      case 'name':
        return one(['"delete_all"', '"progress"', '"read"', 'null', '["delete_all"]'])
      case 'method':
        return one(['"tools/call"', '"ping"', '"notifications/cancelled"', '"tools/call\\u0000"', 'null'])
      case 'params':
        return one([
          'null',
          '{}',
          object([['name', '"delete_all"'], args()]),
          object([['name', '"progress"'], args(), ['_meta', meta()]]),
          object([['requestId', String(guess())]]),
        ])
      case '_meta':
        return one([meta(), 'null', '{}'])
      case 'result':
        return one(['{"action":"accept"}', 'null'])
      case 'error':
        return one(['{"code":1,"message":"forged"}', 'null'])
      default:
        return one([String(guess()), `"${guess()}"`, `[${guess()}]`, 'null'])
    }
  }
  const args = () => ['arguments', `{"by":"${by}"}`] as const

  /** The same with up to two members more, or others in their place. */
  const changed = (members: Members, names: readonly string[]): Members => {
    for (let changes = one([0, 0, 0, 1, 1, 2]); changes > 0; changes--) {
      const name = one(names)
      members = members.toSpliced(random.below(members.length + 1), one([0, 0, 0, 1]), [
        key(name),
        text(name),
      ])
    }
    return members
  }
  const own = `"own-${random.below(1000)}"`
  const params = (members: Members): readonly [string, string] => [
    'params',
    object(changed(members, NAMES.params)),
  ]
  const metaOf = (): readonly [string, string] => [
    '_meta',
    object(changed([['progressToken', own]], NAMES.meta)),
  ]
  const tool = one(['"read"', '"progress"', '"delete_all"'])
  const messages: Members[] = [
    [['id', own], ['method', '"tools/call"'], params([['name', tool], args(), metaOf()])],
    [['id', own], ['method', '"tools/call"'], params([['name', tool], args()])],
    [['id', own], ['method', '"ping"'], params([])],
    [['id', own], ['method', '"notifications/cancelled"'], params([['requestId', String(guess())]])],
    [['method', '"tools/call"'], params([['name', '"delete_all"'], args()])],
    [['method', '"notifications/cancelled"'], params([['requestId', one([own, String(guess())])]])],
    [['method', '"notifications/progress"'], params([['progressToken', String(guess())]])],
    [
      ['id', one([String(guess()), `"${guess()}"`])],
      ['result', '{"action":"accept"}'],
    ],
    [
      ['id', String(guess())],
      ['error', '{"code":1,"message":"forged"}'],
    ],
  ]
  const members = changed(one(messages), NAMES.top)
  return object(members.toSpliced(random.below(members.length + 1), 0, ['jsonrpc', '"2.0"']))
}
