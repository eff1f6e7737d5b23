// exec: the programs that the toolkit runs: npm, uv, go, docker, tar; each gets an argv, never a shell.
import { resolve } from 'node:path'
import { execa, ExecaError } from 'execa'
import { ToolkitError } from './errors.ts'

export interface RunOptions {
  cwd?: string
  env?: Readonly<Record<string, string>>
  /** What to do if the program is not installed. */
  missing?: string
  /**
   * Its stderr goes to ours as it comes: `lines` are read here, too; a `display` draws on the terminal itself, and what it
   * says is not known here.
   */
  shown?: 'lines' | 'display' | undefined
  /** What to do about a failure, from what it said. */
  hintFor?: (said: string) => string | undefined
}

let authority: string | undefined

/** Once for the whole process, as its environment is: who asks a registry trusts this file of a site with its own CA. */
export function trust(file: string | undefined): void {
  authority = file === undefined ? undefined : resolve(file)
}

export function trusted(): string | undefined {
  return authority
}

/** Docker has certificates of its own; a build gets the file as a secret. */
function authorityFor(program: string): Record<string, string> {
  if (authority === undefined || program === 'docker') return {}
  return { NODE_EXTRA_CA_CERTS: authority, SSL_CERT_FILE: authority }
}

/** How many that complain, and how many of the last. */
const COMPLAINTS = 12
const LAST = 3
const COMPLAINS =
  /\berr(or)?\b|\bERR!|fail|missing|denied|refused|cannot|not found|no such|no solution|because/i
const STDERR = { unseen: 'pipe', lines: ['inherit', 'pipe'], display: 'inherit' } as const

/** @throws ToolkitError with the last lines it wrote, if it is missing or fails */
export async function exec(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program = '', ...args] = command
  try {
    const { stdout } = await execa(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...authorityFor(program), ...options.env },
      stdin: 'ignore',
      stderr: STDERR[options.shown ?? 'unseen'],
    })
    return stdout
  } catch (cause) {
    if (!(cause instanceof ExecaError)) throw cause
    if (cause.code === 'ENOENT') {
      const hint = options.missing ?? `install ${program} and run it again`
      throw new ToolkitError(`${program} is not here, and this needs it`, { hint, cause })
    }
    const { stdout = '', stderr = '' } = cause as Error as { stdout?: string; stderr?: string }
    const said = stderr.trim() || stdout.trim()
    const hint = options.hintFor?.(said)
    throw new ToolkitError(failure(command, options.shown === undefined ? said : ''), {
      cause,
      ...(hint === undefined ? {} : { hint }),
    })
  }
}

/** What was shown already is not said again. */
function failure(command: readonly string[], said: string): string {
  const what = `${command.slice(0, 2).join(' ')} failed`
  if (said === '') return what
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  return [`${what}:`, ...telling(lines)].join('\n  | ')
}

/** What complains first is the reason; npm and Docker say much after it. */
function telling(lines: readonly string[]): string[] {
  if (lines.length <= COMPLAINTS + LAST) return [...lines]
  const complaints = lines.slice(0, -LAST).filter((line) => COMPLAINS.test(line))
  const shown =
    complaints.length > 0 ? complaints.slice(0, COMPLAINTS) : lines.slice(-COMPLAINTS - LAST, -LAST)
  return [...shown, ...lines.slice(-LAST)]
}
