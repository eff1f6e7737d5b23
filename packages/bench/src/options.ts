// options: argv in, what to run out.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { contestants, profiledIn, type Contestant } from './contestants.ts'
import { FULL, QUICK, type Plan } from './plan.ts'

export interface Options {
  plan: Plan
  entrants: Contestant[]
  /** Where the results go. */
  out: string
}

const RESULTS = fileURLToPath(new URL('../results', import.meta.url))

export const USAGE = `pnpm bench [options]
  --quick              few calls, one round, no verdicts: shows that everything works
  --rounds NUMBER      default ${FULL.rounds}
  --only NAME,NAME     only these contestants
  --peer NAME=PATH     another contestant: a profile (.json) or the binary of TBXark/mcp-proxy; may be repeated
  --out FOLDER         default packages/bench/results
  --cpu-prof FOLDER    a profile of each contestant in Node; it makes them slower
  --list               the names of the contestants
`

/** Nothing where only the names were asked for, or the usage. */
export function readOptions(argv: readonly string[], say: (text: string) => void): Options | undefined {
  const { values } = parseArgs({
    args: argv.filter((arg) => arg !== '--'),
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      peer: { type: 'string', multiple: true, default: [] },
      out: { type: 'string', default: RESULTS },
      'cpu-prof': { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    say(USAGE)
    return
  }
  const all = contestants(values.peer)
  if (values.list) {
    say(all.map(({ name, label }) => `${name.padEnd(20)} ${label}\n`).join(''))
    return
  }
  const plan = values.quick ? QUICK : FULL
  const rounds = values.rounds === undefined ? plan.rounds : readRounds(values.rounds)
  const picked = pick(all, values.only)
  const profiles = values['cpu-prof']
  const entrants = profiles === undefined ? picked : picked.map((it) => profiledIn(resolve(profiles), it))
  return { plan: { ...plan, rounds }, entrants, out: resolve(values.out) }
}

function readRounds(text: string): number {
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds > 0) return rounds
  throw new Error(`--rounds ${text}: write a whole number`)
}

function pick(all: readonly Contestant[], only: string | undefined): Contestant[] {
  if (only === undefined) return [...all]
  const names = only.split(',')
  const unknown = names.filter((name) => !all.some((contestant) => contestant.name === name))
  if (unknown.length > 0)
    throw new Error(`--only: nobody is called ${unknown.join(', ')}; --list shows who is`)
  return all.filter(({ name }) => names.includes(name))
}
