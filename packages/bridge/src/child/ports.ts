// child/ports: on which TCP ports processes listen, from /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const LISTENING = '0A'

/** Sorted; none where there is no /proc. Those of another user's processes are not seen. */
export function listeningPorts(pids: readonly number[]): number[] {
  const sockets = new Set(pids.flatMap(socketsOf))
  if (sockets.size === 0) return []
  const found = new Set<number>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of linesOf(table)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      if (state === LISTENING && sockets.has(inode))
        found.add(Number.parseInt(local.split(':').at(-1) ?? '', 16))
    }
  }
  return [...found].toSorted((a, b) => a - b)
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(targetOf(`${folder}/${fd}`))?.[1] ?? [],
    )
  } catch {
    return []
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    // Closed meanwhile.
    return ''
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').split('\n').slice(1)
  } catch {
    return []
  }
}
