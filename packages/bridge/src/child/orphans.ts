// child/orphans: a process that outlives a bridge killed with SIGKILL, for as long as it takes to end its children.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Logger } from '../telemetry/logger.ts'
import { MARK } from './environment.ts'

/**
 * Reads `+group` and `-group` lines; at EOF, that is, when the bridge is gone, it gives what is left a moment to see
 * the EOF of its own stdin, then ends the groups, and whatever carries the bridge's mark.
 */
const SCRIPT = `
trap '' INT TERM HUP
mark="${MARK}=$1."
live=' '
while read -r line; do
  group=\${line#?}
  case $line in
    +*) live="$live$group " ;;
    *) case $live in *" $group "*) live="\${live%% $group *} \${live#* $group }" ;; esac ;;
  esac
done
marked() {
  for file in $(grep -lF "$mark" /proc/[0-9]*/environ 2>/dev/null); do
    pid=\${file#/proc/}
    echo "\${pid%/environ}"
  done
}
[ "$live" = ' ' ] && [ -z "$(marked)" ] && exit 0
sleep 1
for group in $live; do kill -TERM -"$group" 2>/dev/null; done
for pid in $(marked); do kill -TERM "$pid" 2>/dev/null; done
sleep 2
for group in $live; do kill -KILL -"$group" 2>/dev/null; done
for pid in $(marked); do kill -KILL "$pid" 2>/dev/null; done
exit 0
`

export class OrphanReaper {
  readonly #bridgeId: string
  readonly #log: Logger
  #process: ReturnType<typeof start> | undefined
  #isClosed = false

  constructor(bridgeId: string, log: Logger) {
    this.#bridgeId = bridgeId
    this.#log = log
  }

  /** Ends this process group too, should the bridge be killed. */
  watch(group: number): void {
    if (this.#isClosed || process.platform === 'win32') return
    this.#process ??= this.#start()
    this.#tell(`+${group}\n`)
  }

  unwatch(group: number): void {
    this.#tell(`-${group}\n`)
  }

  /** The bridge ends in order: nothing is left to watch. */
  async close(): Promise<void> {
    this.#isClosed = true
    const child = this.#process
    if (child === undefined) return
    child.ref()
    child.stdin.end()
    const isAlive = child.pid !== undefined && child.exitCode === null && child.signalCode === null
    if (isAlive) await once(child, 'exit')
  }

  #tell(line: string): void {
    if (this.#process?.stdin.writable === true) this.#process.stdin.write(line)
  }

  #start(): ReturnType<typeof start> {
    const child = start(this.#bridgeId)
    // Neither the process nor the pipe to it keeps ours alive.
    child.unref()
    ;(child.stdin as Partial<{ unref(): void }>).unref?.()
    for (const each of [child, child.stdin])
      each.on('error', (err: unknown) => this.#log.warn({ err }, 'the orphan reaper has gone'))
    return child
  }
}

function start(bridgeId: string) {
  return spawn('/bin/sh', ['-c', SCRIPT, 'mcp-bridge-orphans', bridgeId], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Not in our group: what kills that must not reach it.
    detached: true,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  })
}
