// containers/docker: what the tests ask the engine.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'

const exec = promisify(execFile)

/** Certificates of this machine, for builds behind a CA of its own. */
const CA = '/etc/ssl/certs/ca-certificates.crt'
export const ca = existsSync(CA) ? CA : undefined

/** Gives stdout; throws with all it wrote unless it ends with 0. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await exec('docker', args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim()
}

/** stdout and stderr, whatever the exit code. */
export async function attempt(
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await exec('docker', args, { maxBuffer: 64 * 1024 * 1024 })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

export interface State {
  Status: string
  ExitCode: number
  OOMKilled: boolean
  StartedAt: string
  FinishedAt: string
  Health?: { Status: string; Log: { Start: string; End: string; ExitCode: number; Output: string }[] }
}

export async function stateOf(container: string): Promise<State> {
  return JSON.parse(await docker('inspect', '--format', '{{json .State}}', container)) as State
}

/** Its address on a network: the host reaches it there, published or not. */
export async function addressOf(container: string, network: string): Promise<string> {
  const all = JSON.parse(
    await docker('inspect', '--format', '{{json .NetworkSettings.Networks}}', container),
  ) as Record<string, { IPAddress: string }>
  const found = all[network]?.IPAddress
  if (!found) throw new Error(`${container} is not on ${network}, but on ${Object.keys(all).join(', ')}`)
  return found
}

/** State (as of ps) and command of every process in it. */
export async function processesIn(container: string): Promise<{ state: string; command: string }[]> {
  const lines = (await docker('top', container, '-eo', 'pid,stat,args')).split('\n').slice(1)
  return lines.map((line) => {
    const [, state = '', command = ''] = /^\s*\d+\s+(\S+)\s+(.*)$/.exec(line) ?? []
    return { state, command }
  })
}
