// import/command: the command of a client's configuration → the source, and the arguments of the tool.
import { basename } from 'node:path'
import { ToolkitError } from '../errors.ts'
import { parseSource, type Source } from '../resolve/source.ts'

export interface ParsedCommand {
  source: Source
  /** Arguments of the tool itself. */
  args: string[]
  /** Which program of the package. */
  entry?: string
  with?: string[]
}

const DOCKER_FLAGS = new Set([
  '-i',
  '-t',
  '-it',
  '-ti',
  '-d',
  '--rm',
  '--init',
  '--interactive',
  '--tty',
  '--read-only',
])

/** @throws ToolkitError with the reason why no image can be made of it */
export function parseCommand(command: readonly string[]): ParsedCommand {
  const [program = '', ...args] = unwrapped(command)
  switch (basename(program).replace(/\.(cmd|exe)$/i, '')) {
    case 'npx':
    case 'bunx':
    case 'pnpx':
      return packageRunner('npx', args, new Set(['-p', '--package']))
    case 'uvx':
    case 'pipx':
      return packageRunner('uvx', args[0] === 'run' ? args.slice(1) : args, new Set(['--from', '--spec']))
    case 'uv':
      if (args[0] === 'tool' && args[1] === 'run')
        return packageRunner('uvx', args.slice(2), new Set(['--from']))
      break
    case 'go':
      if (args[0] === 'run' && args[1] !== undefined)
        return { source: sourceOf(`go:${args[1]}`), args: args.slice(2) }
      break
    case 'docker':
    case 'podman':
      if (args[0] === 'run') return imageRunner(args.slice(1))
      break
    default:
      if (program.startsWith('/') && !/^(node|python[\d.]*|deno|bun|bash|sh)$/.test(basename(program)))
        return { source: { runtime: 'binary', file: program }, args }
  }
  throw new ToolkitError(`"${command.join(' ')}" is a program of this machine, not of a package`, {
    hint: 'publish it as a package, or write a recipe: docs/IMAGES.md',
  })
}

/** `cmd /c npx …` is how Windows starts npx. */
function unwrapped(command: readonly string[]): readonly string[] {
  if (/^cmd(\.exe)?$/i.test(command[0] ?? '') && /^\/c$/i.test(command[1] ?? '')) return command.slice(2)
  return command
}

function packageRunner(
  scheme: 'npx' | 'uvx',
  args: readonly string[],
  named: ReadonlySet<string>,
): ParsedCommand {
  const rest = [...args]
  const extra: string[] = []
  let spec: string | undefined
  while (rest[0]?.startsWith('-') === true) {
    const [flag = '', inline] = (rest.shift() ?? '').split(/=(.*)/s)
    const takesValue = named.has(flag) || ['--with', '--python', '--index-url', '-c', '--call'].includes(flag)
    const value = takesValue ? (inline ?? rest.shift()) : undefined
    if (named.has(flag)) spec = value
    else if (flag === '--with' && value !== undefined) extra.push(value)
    else if (flag === '-c' || flag === '--call') throw new ToolkitError(`${flag} hands a text to a shell`)
  }
  const first = rest.shift()
  const wanted = spec ?? first
  if (wanted === undefined) throw new ToolkitError('it names no package')
  const tail = first === '--' ? rest.slice(1) : rest
  return {
    source: sourceOf(`${scheme}:${wanted.replace(/@latest$/, '')}`),
    args: tail,
    ...(spec === undefined || first === undefined ? {} : { entry: first }),
    ...(extra.length === 0 ? {} : { with: extra }),
  }
}

/** Docker's own flags are skipped: variables are in the entry's `env` too, and folders are those of the host. */
function imageRunner(args: readonly string[]): ParsedCommand {
  const rest = [...args]
  while (rest[0]?.startsWith('-') === true) {
    const flag = rest.shift() ?? ''
    if (!DOCKER_FLAGS.has(flag) && !flag.includes('=')) rest.shift()
  }
  const [name, ...tail] = rest
  if (name === undefined) throw new ToolkitError('it names no image')
  return { source: sourceOf(`image:${name}`), args: tail }
}

function sourceOf(text: string): Source {
  const source = parseSource(text)
  if (source === undefined) throw new ToolkitError(`"${text}" names no package`)
  return source
}
