// cli/server-rows: the servers of a file as lines for people: what becomes of each, and what is to be done about it.
import type { Server } from '../config/config.ts'
import { SWITCHED_OFF } from '../config/servers.ts'
import { excerpt, visible } from '../visible.ts'

/** Whether somebody has to do something before it is served. */
export function isToMend({ state, reason }: Server): boolean {
  return state === 'wrong' || (state === 'off' && reason !== SWITCHED_OFF)
}

/** Cells in columns, each as wide as its widest; the last is not filled up. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (so, row) => row.map((cell, i) => Math.max(so[i] ?? 0, cell.length)),
    [],
  )
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** `3 of 5 served, 1 to be completed, 1 wrong`; where they were tried, `3 of 5 answered, 2 failed`. */
export function summary(servers: readonly Server[], failed?: number): string {
  const count = (state: Server['state'], of = servers) => of.filter((server) => server.state === state).length
  const parts = [
    [failed ?? 0, 'failed'],
    [servers.filter((server) => server.state === 'off' && isToMend(server)).length, 'to be completed'],
    [count('wrong'), 'wrong'],
    [
      count(
        'off',
        servers.filter((server) => !isToMend(server)),
      ),
      'switched off',
    ],
    [count('remote'), 'left to the clients'],
    [count('client-only'), 'part of the client'],
  ] as const
  const others = parts.filter(([many]) => many > 0).map(([many, what]) => `${many} ${what}`)
  const well = count('on') - (failed ?? 0)
  return [`${well} of ${servers.length} ${failed === undefined ? 'served' : 'answered'}`, ...others].join(
    ', ',
  )
}

export function nameCell(name: string): string {
  return excerpt(name, 40)
}

export function reasonLines({ reason, notes }: Server): string[] {
  return [...(reason === undefined ? [] : [reason]), ...notes].map((line) => `    ${visible(line)}`)
}
