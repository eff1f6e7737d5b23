// import/command: the command of a client's configuration → the source, and the arguments of the tool.
import { ToolkitError } from '../errors.ts'
import { parseSource, type Source } from '../resolve/source.ts'
import { parseDockerRun, type DockerRun } from './docker-run.ts'
import { npxRun, uvRun, uvxRun, type Ran } from './runner.ts'
import { unwrap } from './unwrap.ts'

export interface ParsedCommand {
  source: Source
  /** Arguments of the tool itself. */
  args: string[]
  /** Which program of the package. */
  entry?: string
  with?: string[]
  /** Variables in front of the command. */
  env: Record<string, string>
  envFiles: string[]
  /** Options that are not carried over. */
  dropped: string[]
  /** What its flags say, for `docker run`. */
  run?: DockerRun
}

/** Programs that start something else: a copy of them alone is no tool. */
const INTERPRETER = /^(node|python[\d.]*|py|deno|bun|bash|sh|zsh|pwsh|powershell|java|ruby|perl|php|dotnet)$/

/** @throws ToolkitError with the reason why no image can be made of it */
export function parseCommand(command: readonly string[]): ParsedCommand {
  const { program, args, path, env } = unwrap(command)
  const [first, second] = args
  const npx = (ran: Ran): ParsedCommand => packaged('npx', ran, env)
  const uvx = (ran: Ran): ParsedCommand => packaged('uvx', ran, env)
  switch (program) {
    case 'npx':
    case 'bunx':
    case 'pnpx':
      return npx(npxRun(args))
    case 'pnpm':
    case 'yarn':
      return npx(npxRun(without(args, 'dlx', command)))
    case 'npm':
      return npx(npxRun(without(args, first === 'x' ? 'x' : 'exec', command)))
    case 'bun':
      if (args.includes('x')) return npx(npxRun(args.filter((_, i) => i !== args.indexOf('x'))))
      break
    case 'deno': {
      const spec = args.findIndex((arg) => arg.startsWith('npm:'))
      if (spec > 0) return npx(npxRun([(args[spec] ?? '').slice(4), ...args.slice(spec + 1)]))
      break
    }
    case 'uvx':
      return uvx(uvxRun(args))
    case 'pipx':
      if (first === 'run') return uvx(uvxRun(args.slice(1)))
      break
    case 'uv':
      if (first === 'tool' && second === 'run') return uvx(uvxRun(args.slice(2)))
      if (first === 'x') return uvx(uvxRun(args.slice(1)))
      if (args.includes('run')) return uvx(uvRun(args.filter((_, i) => i !== args.indexOf('run'))))
      break
    case 'go':
      if (first === 'run' && second !== undefined)
        return { source: sourceOf(`go:${second}`), args: args.slice(2), env, envFiles: [], dropped: [] }
      break
    case 'docker':
    case 'podman':
    case 'nerdctl':
      if (isDockerRun(args)) return imageRun(args.slice(args.indexOf('run') + 1), env)
      break
    default:
      if (path.startsWith('/') && !INTERPRETER.test(program))
        return { source: { runtime: 'binary', file: path }, args, env, envFiles: [], dropped: [] }
  }
  throw notPackaged(command)
}

function notPackaged(command: readonly string[]): ToolkitError {
  return new ToolkitError(`"${command.join(' ')}" is a program of this machine, not of a package`, {
    hint: 'publish it as a package, or write a recipe: docs/IMAGES.md',
  })
}

/** Not `docker compose run` and not `docker mcp gateway run`. */
function isDockerRun(args: readonly string[]): boolean {
  const before = args.slice(0, Math.max(args.indexOf('run'), 0))
  const isValue = (i: number): boolean =>
    /^(--context|-c|--host|-H|--config|-l|--log-level)$/.test(before[i - 1] ?? '')
  return (
    args.includes('run') && before.every((arg, i) => arg.startsWith('-') || arg === 'container' || isValue(i))
  )
}

/** `pnpm --silent dlx pkg` → `--silent pkg`. */
function without(args: readonly string[], word: string, command: readonly string[]): string[] {
  const at = args.indexOf(word)
  if (at === -1 || args.slice(0, at).some((arg) => !arg.startsWith('-'))) throw notPackaged(command)
  return args.filter((_, i) => i !== at)
}

function packaged(scheme: 'npx' | 'uvx', ran: Ran, env: Record<string, string>): ParsedCommand {
  const [spec, extras] = scheme === 'uvx' ? splitExtras(ran.spec) : [ran.spec, []]
  const further = [...ran.with, ...extras].map(bounded)
  return {
    source: sourceOf(`${scheme}:${spec.replace(/@latest$/, '')}`),
    args: ran.args,
    ...(ran.entry === undefined ? {} : { entry: ran.entry }),
    ...(further.length === 0 ? {} : { with: further }),
    env,
    envFiles: ran.envFiles,
    dropped: ran.dropped,
  }
}

/** `pkg[cli]==1.0`: the extra becomes a requirement of its own. */
function splitExtras(spec: string): [string, string[]] {
  const [, name, extra, version = ''] = /^([A-Za-z0-9._-]+)(\[[^\]]+\])(.*)$/.exec(spec) ?? []
  return name === undefined ? [spec, []] : [`${name}${version}`, [`${name}${extra}`]]
}

/** A recipe wants a bound at each. */
function bounded(requirement: string): string {
  return /[<>=~!]/.test(requirement) ? requirement : `${requirement}>=0`
}

/** `latest` may be another image tomorrow: `image:` wants an exact one, which the engine may know. */
function imageRun(args: readonly string[], env: Record<string, string>): ParsedCommand {
  const run = parseDockerRun(args)
  const variables = run.env.map(({ name, value }): [string, string] => [name, value ?? `\${env:${name}}`])
  return {
    source: isPinned(run.image) ? sourceOf(`image:${run.image}`) : { runtime: 'image', package: run.image },
    args: run.args,
    ...(run.entrypoint === undefined ? {} : { entry: run.entrypoint }),
    env: { ...env, ...Object.fromEntries(variables) },
    envFiles: run.envFiles,
    dropped: run.dropped,
    run,
  }
}

export function isPinned(image: string): boolean {
  return /@sha256:/.test(image) || (/:[^/]+$/.test(image) && !image.endsWith(':latest'))
}

function sourceOf(text: string): Source {
  const source = parseSource(text)
  if (source === undefined) throw new ToolkitError(`"${text}" names no package`)
  return source
}
