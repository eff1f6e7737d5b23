// import/unwrap: what stands in front of a command: `cmd /c`, `env NAME=value`, `bash -c "…"`, `wsl`.
import { wordsOf } from '@mcp-bridge/client-file'
import { ToolkitError } from '../errors.ts'

export interface Unwrapped {
  /** The name of the program without its folder and its end of Windows, in small letters. */
  program: string
  args: string[]
  /** As it stands in the file. */
  path: string
  env: Record<string, string>
}

/** @throws ToolkitError for a text that only a shell could read */
export function unwrap(command: readonly string[]): Unwrapped {
  const env: Record<string, string> = {}
  let rest = [...command]
  for (;;) {
    const [path = '', ...args] = rest
    const program = programOf(path)
    const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(path) ?? []
    if (name !== undefined) {
      env[name] = value
      rest = args
    } else if (program === 'cmd' && args.some((arg) => /^\/c$/i.test(arg)))
      rest = spread(args.slice(args.findIndex((arg) => /^\/c$/i.test(arg)) + 1))
    else if (program === 'env') rest = afterEnv(args)
    else if (/^(ba|z|da)?sh$/.test(program) && /^-[a-z]*c$/.test(args[0] ?? ''))
      rest = shellWords(args[1] ?? '')
    else if (program === 'wsl') rest = afterWsl(args)
    else if (program === 'sudo' || program === 'exec' || program === 'nohup') rest = args
    else return { program, args, path, env }
  }
}

/** `C:\Program Files\nodejs\npx.cmd` → `npx`. */
function programOf(path: string): string {
  return (path.split(/[\\/]/).at(-1) ?? '').replace(/\.(cmd|exe|bat|ps1)$/i, '').toLowerCase()
}

/** `cmd /c "npx -y pkg"` as one argument. */
function spread(args: readonly string[]): string[] {
  const [only = ''] = args
  return args.length === 1 && /\s/.test(only) ? wordsOf(only) : [...args]
}

/** Options of `env` do not matter in a container; `-S` splits its text, `-u` and `-C` take a value. */
function afterEnv(args: readonly string[]): string[] {
  const rest = [...args]
  while (rest[0]?.startsWith('-') === true) {
    const option = rest.shift() ?? ''
    if (/^(-S|--split-string)$/.test(option)) return [...wordsOf(rest.shift() ?? ''), ...rest]
    if (/^(-u|-C|--unset|--chdir)$/.test(option)) rest.shift()
  }
  return rest
}

/** @throws ToolkitError for anything but one command */
function shellWords(text: string): string[] {
  if (/[|&;<>`\n*?]|\$\(/.test(text) || /^\s*(cd|source|export|\.)\s/.test(text))
    throw new ToolkitError('it is a script for a shell, which no image has', {
      hint: 'write the one command that starts the tool',
    })
  return wordsOf(text)
}

function afterWsl(args: readonly string[]): string[] {
  const rest = [...args]
  while (rest[0]?.startsWith('-') === true) {
    const option = rest.shift() ?? ''
    if (/^(-d|-u|--distribution|--user|--cd|--shell-type)$/.test(option)) rest.shift()
    else if (/^(-e|--exec|--)$/.test(option)) break
  }
  return spread(rest)
}
