// nothing-left: after the whole run no process, listener or temporary folder of ours may be left.
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import {
  ancestorsOf,
  cmdline,
  eventually,
  leftovers,
  listeningPorts,
  RUN_VARIABLE,
  SESSION_VARIABLE,
  tempPrefix,
} from '@mcp-bridge/testkit'

const GRACE_MS = 15_000

/** A vitest global set-up; what it returns runs after the last test, in the process that started the workers. */
export default function setup(): () => Promise<void> {
  // The workers inherit it: directories of another run beside this one are not ours.
  process.env[RUN_VARIABLE] = String(process.pid)
  // The children of a bridge inside a worker bear it; whatever else a worker starts gets one of the worker's own.
  process.env[SESSION_VARIABLE] = `${tempPrefix()}0`
  const before = new Set([...tempFolders(), ...listeners()])
  return async () => {
    // Those that begin later guard the bridges of another run on this machine.
    const ours = reapers()
    await eventually(
      async () => {
        const guards = reapers().filter((each) => ours.includes(each))
        const left = [...(await processes()), ...guards, ...listeners(), ...tempFolders()].filter(
          (each) => !before.has(each),
        )
        if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`)
        return true
      },
      { what: 'nothing to be left', withinMs: GRACE_MS },
    )
  }
}

/** Of the test runner itself only its own helpers may live on. */
async function processes(): Promise<string[]> {
  const left = await leftovers({ withinMs: 0, session: tempPrefix() })
  return left
    .filter((each) => !/vitest|esbuild|rolldown/.test(each.cmdline))
    .map((each) => `process ${each.pid} ${each.cmdline}`)
}

/** Those whose bridge has gone: they live a few seconds longer than it. */
function reapers(): string[] {
  const ours = new Set(ancestorsOf(process.pid))
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && cmdline(Number(name)).includes('mcp-bridge-orphans'))
    .filter((name) => ours.has(ancestorsOf(Number(name))[0] ?? 0))
    .map((name) => `orphan reaper ${name}`)
}

function listeners(): string[] {
  return listeningPorts(process.pid).map((port) => `listener on port ${port}`)
}

function tempFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(tempPrefix()))
}
