// import/runner: the options of npx, uvx and their like: which package, which program of it, what is left to the tool.
import { ToolkitError } from '../errors.ts'

export interface Ran {
  /** As it is written: `@scope/pkg@1.2.3`, `pkg==1.2`. */
  spec: string
  /** Which program of the package, if it is named. */
  entry: string | undefined
  args: string[]
  with: string[]
  envFiles: string[]
  dropped: string[]
}

interface Grammar {
  /** Whether `--with` names a further package. */
  hasWith: boolean
  /** Options that name the package. */
  names: readonly string[]
  /** Further options that take a value. */
  values: readonly string[]
}

const NPX: Grammar = {
  hasWith: false,
  names: ['-p', '--package'],
  values: [
    ...['-w', '--workspace', '--registry', '--cache', '--userconfig', '--prefix', '--loglevel', '-n'],
    ...['--node-options', '--node-arg', '--shell', '--script-shell', '--shell-auto-fallback', '--dir', '-C'],
  ],
}
const UVX: Grammar = {
  hasWith: true,
  names: ['--from', '--spec'],
  values: [
    ...['--with', '-w', '--with-editable', '--with-requirements', '--python', '-p', '--index-url', '-i'],
    ...['--extra-index-url', '--index', '--default-index', '--find-links', '-f', '--index-strategy'],
    ...['--keyring-provider', '--refresh-package', '--upgrade-package', '-P', '--reinstall-package'],
    ...['--constraints', '--constraint', '-c', '--overrides', '--override', '-b', '--env-file'],
    ...['--build-constraints', '--directory', '--project', '--cache-dir', '--config-file', '--color'],
    ...['--config-setting', '-C', '--exclude-newer', '--prerelease', '--resolution', '--link-mode'],
    ...['--no-binary-package', '--no-build-package', '--allow-insecure-host', '--python-platform'],
    ...['--torch-backend', '--pip-args', '--extra', '--group', '--module', '-m'],
  ],
}
/** These change nothing in an image, which is made from a lock. */
const HELD =
  /^(-y|--yes|-q|--quiet|-s|--silent|--prefer-offline|--prefer-online|--offline|--refresh.*|--no-cache|-n|--isolated|--bun|-b|--python|-p|--ignore-existing|--no-install|--reinstall|-U|--upgrade|--no-project|--verbose|-v|--color|--loglevel|--no-progress|--silence-python-warnings|--)$/

export function npxRun(args: readonly string[]): Ran {
  return packageRun(args, NPX)
}

export function uvxRun(args: readonly string[]): Ran {
  return packageRun(args, UVX)
}

/** `uv run --with pkg program`: the package is the one that the program is called after, or the first. */
export function uvRun(args: readonly string[]): Ran {
  const ran = packageRun(args, { ...UVX, names: [] })
  const isLocal =
    /\.py$|[\\/]/.test(ran.spec) ||
    ran.dropped.some((flag) => /^--(directory|project|module)$|^-m$/.test(flag))
  const called = (spec: string): boolean => spec.replace(/[[=<>~!@ ].*$/, '') === ran.spec
  const spec = isLocal ? undefined : (ran.with.find(called) ?? ran.with[0])
  if (spec === undefined)
    throw new ToolkitError('"uv run" starts a program of this machine, not of a package', {
      hint: 'publish it as a package and write uvx, or write a recipe: docs/IMAGES.md',
    })
  return { ...ran, spec, entry: ran.spec, with: ran.with.filter((each) => each !== spec) }
}

function packageRun(args: readonly string[], grammar: Grammar): Ran {
  const rest = [...args]
  const found: Omit<Ran, 'spec' | 'args' | 'entry'> = { with: [], envFiles: [], dropped: [] }
  let spec: string | undefined
  while (rest[0]?.startsWith('-') === true && rest[0] !== '--') {
    const [flag = '', inline] = (rest.shift() ?? '').split(/=(.*)/s)
    if (!grammar.hasWith && /^(-c|--call)$/.test(flag))
      throw new ToolkitError(`${flag} hands a text to a shell`)
    const isName = grammar.names.includes(flag)
    const value = isName || grammar.values.includes(flag) ? (inline ?? rest.shift()) : undefined
    if (isName) spec = value
    else if (grammar.hasWith && value !== undefined && /^(--with|-w)$/.test(flag))
      found.with.push(...value.split(','))
    else if (flag === '--env-file' && value !== undefined) found.envFiles.push(value)
    else if (!HELD.test(flag)) found.dropped.push(flag)
  }
  // npm exec sets the package apart from what is its own by "--".
  if (rest[0] === '--') rest.shift()
  const first = rest.shift()
  const wanted = spec ?? first
  if (wanted === undefined) throw new ToolkitError('it names no package')
  if (rest[0] === '--') rest.shift()
  return { spec: wanted, entry: spec === undefined ? undefined : first, args: rest, ...found }
}
